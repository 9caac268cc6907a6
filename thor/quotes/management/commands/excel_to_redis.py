"""``manage.py excel_to_redis``: another name of ``poll_tos_excel``."""

from thor.quotes.management.commands.poll_tos_excel import Command

__all__ = ["Command"]
