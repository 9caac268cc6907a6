from django.apps import AppConfig


class QuotesConfig(AppConfig):
    name = "thor.quotes"
    label = "quotes"

    def ready(self) -> None:
        from thor.quotes import services

        services.follow_instruments()
