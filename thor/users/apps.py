from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "thor.users"
    label = "users"
