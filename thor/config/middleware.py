"""What every answer of Django carries, and how the API says no where Django would say it in HTML."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from thor.config.api import problem_response
from thor.quotes.replays import present_of
from thor.runtime.namespace import Present, looking_at
from thor.runtime.problem import CONTENT_TYPE, Problem
from thor.users.rights import gate

#: Scripts come from files only. Styles may be inline: Mantine writes its theme into <style> elements at run time, and
#: style attributes carry column widths; an injected style cannot run code, and no form or link may leave this site.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


#: The admin's pages (django-unfold) are driven by Alpine, which compiles the expressions in their attributes: that is
#: `unsafe-eval`. A script that somebody injected still does not run, because scripts come from files only.
ADMIN_CONTENT_SECURITY_POLICY: Final = CONTENT_SECURITY_POLICY.replace(
    "script-src 'self'", "script-src 'self' 'unsafe-eval'"
)


class SecurityHeadersMiddleware:
    """Headers that browsers obey, on every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        policy = ADMIN_CONTENT_SECURITY_POLICY if request.path.startswith("/admin/") else CONTENT_SECURITY_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class ApiProblemMiddleware:
    """Under /api an error is a problem document, whoever raised it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST or not request.path.startswith("/api/"):
            return response
        if response.headers.get("Content-Type", "").startswith(CONTENT_TYPE):
            return response
        return _as_problem(request, response)


class NamespaceMiddleware:
    """Leads a question with ``?namespace=`` to a replay: its time, its keys, its tables, for this request alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/api/") or "namespace" not in request.GET:
            return self.get_response(request)
        if not _may_read(request):
            return self.get_response(request)  # which says so
        try:
            there = _asked_for(request)
        except Problem as problem:
            return problem_response(request, problem)
        if there is None:
            return self.get_response(request)
        with looking_at(there):
            return self.get_response(request)


def _may_read(request: HttpRequest) -> bool:
    return async_to_sync(gate().may_read)(request.headers.get("host", ""), request.headers.get("cookie", ""))


def _asked_for(request: HttpRequest) -> Present | None:
    names = request.GET.getlist("namespace")
    if len(names) > 1:
        raise Problem(f"namespace is given {len(names)} times: give it once", status=400)
    there = present_of(names[0])
    if there is not None and request.method not in ("GET", "HEAD", "OPTIONS"):
        raise Problem("a replay can only be read: leave namespace out", status=422)
    return there


def _as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    status = HTTPStatus(response.status_code)
    detail = {
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not allowed here: Allow names what is",
        HTTPStatus.NOT_FOUND: "nothing is here; /api/docs lists what there is",
    }.get(status, status.description or status.phrase)
    made = problem_response(request, Problem(detail, status=status.value))
    if "Allow" in response.headers:
        made["Allow"] = response.headers["Allow"]
    return made
