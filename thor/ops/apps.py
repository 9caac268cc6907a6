from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "thor.ops"
    label = "ops"
