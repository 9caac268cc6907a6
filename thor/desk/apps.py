from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "thor.desk"
    label = "desk"
