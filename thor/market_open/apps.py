from django.apps import AppConfig


class MarketOpenConfig(AppConfig):
    name = "thor.market_open"
    label = "market_open"
    verbose_name = "market opens"
