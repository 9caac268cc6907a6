"""Where each path leads."""

from __future__ import annotations

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, re_path

from thor.config.api import api, probe_api
from thor.config.webapp import page


def nothing(_request: HttpRequest) -> HttpResponse:
    """A path of the API or of the static files that leads nowhere: never the web app's page."""
    raise Http404


urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("", page),  # before the probes, whose API would answer its own root with 404
    path("", probe_api.urls),
    re_path(r"^(?:api|static)(?:/|$)", nothing),
    re_path(r"^", page),
]
