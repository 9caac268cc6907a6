"""The API: rooms' routers under one roof, one way to say no, and the document that describes both."""

from __future__ import annotations

import json
import logging
from importlib.metadata import version
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.constants import NOT_SET
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema

from thor.desk.api import router as desk
from thor.desk.lake_api import router as lake_runs
from thor.indicators.ranges_api import router as ranges
from thor.indicators.vwap_api import router as vwap
from thor.instruments.api import router as instruments
from thor.instruments.api import sessions_router as sessions
from thor.lake.api import router as history
from thor.market_open.api import router as market_opens
from thor.market_open.writes_api import router as market_open_writes
from thor.markets.api import router as markets
from thor.ops.api import probes
from thor.ops.api import router as operations
from thor.quotes.api import events_router as events
from thor.quotes.api import router as quotes
from thor.runtime.problem import CONTENT_TYPE, Problem, problem_document
from thor.users.rights import gate

logger = logging.getLogger(__name__)

_PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "RFC 9457 problem details: `detail` is one line, what is wrong and what to do.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    },
}
#: What every question may say besides.
_NAMESPACE: Final[dict[str, Any]] = {
    "in": "query",
    "name": "namespace",
    "required": False,
    "description": "A replay as recorded, of those that /api/replays lists; without it, live.",
    "schema": {"type": "string"},
}
_EVERYWHERE_THE_SAME: Final = frozenset({"replays"})
#: What any operation may answer besides its own.
_PROBLEMS: Final = {
    400: "The request cannot be read",
    401: "Log in first",
    404: "Nothing is here",
    405: "Not with this method",
    422: "A parameter is wrong",
    429: "Too much at once; Retry-After says when to come back",
    503: "Something that is needed is away; Retry-After says when to come back",
}


class SessionAuth:
    """Ninja's door-keeper: the one rule of who may read (``users.rights``), described as a cookie."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = "sessionid"
    is_async = True

    def __init__(self) -> None:
        self.openapi_security_schema = {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}

    async def __call__(self, request: HttpRequest) -> bool:
        return await gate().may_read(request.headers.get("host", ""), request.headers.get("cookie", ""))


class ThorAPI(NinjaAPI):
    """NinjaAPI whose document names the problems of every operation."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        components = schema["components"]
        components["schemas"]["Problem"] = _PROBLEM_SCHEMA
        content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        components["responses"] = {
            f"Problem{status}": {"description": text, "content": content} for status, text in _PROBLEMS.items()
        }
        components["parameters"] = {"Namespace": _NAMESPACE}
        for path in schema["paths"].values():
            for method, operation in path.items():
                if method == "get" and operation["operationId"] not in _EVERYWHERE_THE_SAME:
                    operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/Namespace"})
                for status in _PROBLEMS:
                    operation["responses"].setdefault(status, {"$ref": f"#/components/responses/Problem{status}"})
        return schema


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as RFC 9457 says."""
    response = HttpResponse(
        json.dumps(problem_document(problem, request.path)),
        status=problem.status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )
    if problem.status in (429, 503):
        response["Retry-After"] = "5"
    return response


def to_problem(error: Exception) -> Problem:
    """What an exception that left an operation means to the caller; what is not expected tells nothing."""
    match error:
        case Problem():
            return error
        case ValidationError():
            return _invalid(error)
        case AuthenticationError():
            return Problem("log in to read this", status=401)
        case Throttled():
            return Problem("too many questions in a short time: Retry-After says when to come back", status=429)
        case HttpError():
            return Problem(str(error), status=error.status_code)
        case Http404():
            return Problem("nothing is here", status=404)
        case PermissionDenied():
            return Problem("you may not do this", status=403)
        case DatabaseError():
            logger.warning("database: %s", error)
            return Problem("the database does not answer; it is asked again at the next request", status=503)
    logger.error("an operation failed", exc_info=error)
    return Problem("the server failed at this request; its log says why", status=500)


def _invalid(error: ValidationError) -> Problem:
    """One line for all parameters, and each by itself."""
    errors = [
        {"in": str(each["loc"][0]), "name": ".".join(map(str, each["loc"][1:])), "detail": str(each["msg"])}
        for each in error.errors
    ]
    line = "; ".join(f"{each['name']}: {each['detail']}" for each in errors)
    return Problem(line, status=422, errors=errors)


def _answer(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    return problem_response(request, to_problem(error if isinstance(error, Exception) else error()))


def make_api() -> ThorAPI:
    """The API with all rooms."""
    made = ThorAPI(
        title="Thor",
        version=version("thor"),
        description="Live futures quotes, their sources and their store,"
        " and the world's market hours. Errors are RFC 9457 problem documents.",
        auth=SessionAuth(),
        urls_namespace="api",
    )
    for kind in (Problem, ValidationError, AuthenticationError, HttpError, Http404, DatabaseError, Exception):
        made.add_exception_handler(kind, _answer)
    for router in (
        quotes,
        events,
        instruments,
        sessions,
        markets,
        operations,
        desk,
        lake_runs,
        history,
        vwap,
        ranges,
        market_open_writes,  # before the names that a session id would match
        market_opens,
    ):
        made.add_router("", router)
    return made


def make_probes() -> NinjaAPI:
    """What a supervisor asks; beside the API, because it must answer when nobody may read."""
    made = NinjaAPI(title="Thor probes", urls_namespace="probes", docs_url=None, openapi_url=None, auth=NOT_SET)
    for kind in (Problem, ValidationError, HttpError, Http404, Exception):
        made.add_exception_handler(kind, _answer)
    made.add_router("", probes)
    return made


api = make_api()
probe_api = make_probes()
