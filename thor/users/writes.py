"""Who may write over HTTP: staff, with a session, from a page of this site."""

from __future__ import annotations

from typing import cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from ninja.utils import check_csrf

from thor.runtime.problem import Problem
from thor.users.models import User


class StaffAuth:
    """Ninja's door-keeper of writes. Raises Problem: 401 without a session, 403 for who is not staff and for a write
    without the CSRF token, 415 for a body that is a form."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "sessionid"
    is_async = True

    def __init__(self) -> None:
        self.openapi_security_schema = {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}

    async def __call__(self, request: HttpRequest) -> User:
        user = await request.auser()
        if (refused := refusal_of(user)) is not None:
            raise refused
        if request.method not in ("GET", "HEAD"):
            await _check(request)
        return cast(User, user)


def refusal_of(user: AbstractBaseUser | AnonymousUser) -> Problem | None:
    """Why somebody may not write; None for staff. For pages too: they say so before anybody tries."""
    if not user.is_authenticated:
        return Problem("log in to do this", status=401)
    if not cast(User, user).is_staff:
        return Problem("this is for staff: ask an administrator", status=403)
    return None


async def _check(request: HttpRequest) -> None:
    """A write comes from a page of this site, and not by a form of another."""
    if (request.content_type or "").startswith("multipart/"):
        raise Problem("send JSON, not a form", status=415)
    if await sync_to_async(check_csrf)(request) is not None:
        name, header = settings.CSRF_COOKIE_NAME, "X-CSRFToken"
        raise Problem(f"send the cookie {name} as the header {header} too, from a page of this site", status=403)


def writer(request: HttpRequest) -> str:
    """The name of who was let in."""
    return cast(User, request.auth).get_username()  # type: ignore[attr-defined]
