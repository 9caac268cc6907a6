from django.apps import AppConfig


class LakeConfig(AppConfig):
    name = "thor.lake"
    label = "lake"
    verbose_name = "lake"
