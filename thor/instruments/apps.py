from django.apps import AppConfig


class InstrumentsConfig(AppConfig):
    name = "thor.instruments"
    label = "instruments"
