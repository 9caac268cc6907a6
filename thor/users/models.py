"""People. A model of our own from the first migration, because swapping it later cannot be migrated."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Somebody who may log in."""
