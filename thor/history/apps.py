from django.apps import AppConfig


class HistoryConfig(AppConfig):
    name = "thor.history"
    label = "history"
