"""The built web app: files by ``static.py``, and its one page for every path that the app routes itself."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Thor</title></head>
<body><h1>The web app is not built</h1>
<p>Run <code>make web</code> and reload this page. The API answers already: <a href="/api/docs">/api/docs</a>.</p>
</body></html>
"""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The app's page, for a browser that asks for one; anything else that leads nowhere is a 404."""
    if not _wants_a_page(request):
        raise Http404
    try:
        content = Path(settings.THOR_WEB_DIST, "index.html").read_bytes()
    except OSError:
        return HttpResponse(NOT_BUILT, status=503, headers={"Cache-Control": "no-store"})
    return HttpResponse(content, headers={"Cache-Control": "no-cache"})


def _wants_a_page(request: HttpRequest) -> bool:
    """A route of the app has no file name's dot at its end, and its asker takes HTML."""
    return "." not in request.path.rsplit("/", 1)[-1] and request.accepts("text/html")
