from django.apps import AppConfig


class MarketsConfig(AppConfig):
    name = "thor.markets"
    label = "markets"
