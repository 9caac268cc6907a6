from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "thor.indicators"
    label = "indicators"
