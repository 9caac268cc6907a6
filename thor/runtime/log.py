"""One kind of log line for every process: readable on a terminal, JSON elsewhere, never with a secret in it.

    configure_logging("web")
    structlog.get_logger().info("started", port=8000)

Lines of the standard library's loggers (Django, uvicorn) take the same way.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

HIDDEN = "***"
#: Libraries that tell each step of their own: of these the warnings.
CHATTY = ("procrastinate",)
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|secret|token$|authorization|cookie|api_?key|credential|csrf|sessionid$|session_?key$",
    re.IGNORECASE,
)
_SECRETS_IN_TEXT = (
    # scheme://user:password@host, also without a user as Redis writes it
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s\"']+@", re.IGNORECASE), rf"\1:{HIDDEN}@"),
    (re.compile(r"\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\b((?:set-)?cookie\s*[:=]\s*)[^\r\n]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # password=x, "secret_key": "x", refresh_token: x
    (
        re.compile(
            r"((?:\w*(?:password|passwd|secret|token|api_?key)\w*|sessionid|csrftoken|pwd)[\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;)}]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)
_DEEPEST = 8


def configure_logging(service: str, log_format: str = "auto") -> None:
    """Set up logging once per process. `log_format`: console, json, or auto (console on a terminal, JSON elsewhere)."""
    as_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_service(service),
    ]
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        structlog.processors.JSONRenderer(serializer=_to_json)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    handler.addFilter(_is_news)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Django logs each 503 as an error; of a probe it is the answer, and the one who asked says what is wrong."""
    return not (record.name == "django.request" and record.getMessage().endswith(": /readyz"))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The processor that hides secrets, by the name of a field and by the look of a text, at any depth."""
    for name in list(event):
        event[name] = HIDDEN if _is_secret(name) else without_secrets(event[name])
    return event


def without_secrets(value: Any, depth: int = 0) -> Any:
    """The value with every secret in it replaced by ***; numbers, booleans and None as they are."""
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, bytes):
        return redacted_text(value.decode(errors="replace"))
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= _DEEPEST:
        return redacted_text(str(value))
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if _is_secret(str(key)) else without_secrets(inner, depth + 1) for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [without_secrets(inner, depth + 1) for inner in value]
    return redacted_text(str(value))


def redacted_text(text: str) -> str:
    """A text with the passwords of addresses, authorization values, cookies and `password=` values hidden."""
    for pattern, replacement in _SECRETS_IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name))


def _name_service(service: str) -> structlog.typing.Processor:
    def add(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("service", service)
        return event

    return add


def _to_json(event: Any, **_options: Any) -> str:
    return json.dumps(event, default=str, ensure_ascii=False)
