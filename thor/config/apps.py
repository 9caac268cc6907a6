from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "thor.config"
    label = "thor_config"
