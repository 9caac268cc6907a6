"""Something is wrong, said in one line with what to do about it: on a terminal as a line, over HTTP as RFC 9457."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 (a problem is RFC 9457's word, and ours)
    """An expected refusal, for a person to read.

    `detail` is one clear line: what is wrong and what to do. `status` is the HTTP status when it leaves through the
    API. On a command line it is printed as it is and ends the program with exit code 2.
    """

    def __init__(self, detail: str, *, status: int = 500, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.errors = errors or []
        #: Members of the document beyond RFC 9457's own.
        self.extra: dict[str, Any] = {}


def problem_document(problem: Problem, instance: str) -> dict[str, Any]:
    """The RFC 9457 document of `problem`; `instance` is the path of the request that met it."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
    }
    if problem.errors:
        document["errors"] = problem.errors
    return document | problem.extra
