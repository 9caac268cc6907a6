from django.apps import AppConfig


class SignalsConfig(AppConfig):
    name = "thor.signals"
    label = "signals"
