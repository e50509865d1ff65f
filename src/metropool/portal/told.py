"""Errors become answers here, once: kind to status, key to words in both languages."""

import importlib.util
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from metropool.access import Locked
from metropool.core.errors import Fault, Invalid, MetropoolError, NotFound
from metropool.core.misfits import WANTED, misfit
from metropool.core.texts import LANGUAGES, Language, Words, texts_of
from metropool.portal.schemas.basics import ErrorBody, ErrorTold, FaultTold

log = structlog.get_logger()
HERE = "metropool.portal"
KINDS: Mapping[int, Any] = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    422: "invalid",
    429: "locked",
    503: "unavailable",
}
RETRY_S = 5


@cache
def _texts_for(key: str) -> Mapping[Language, str] | None:
    """The text of ``room.key``: of the portal itself when it has one of that whole name, else of the room."""
    own = texts_of(HERE).get(key)
    if own is not None:
        return own
    room, _, rest = key.partition(".")
    for package in (f"metropool.{room}", f"metropool.capabilities.{room}", f"metropool.facts.{room}"):
        if room.isidentifier() and importlib.util.find_spec(package) and rest in texts_of(package):
            return texts_of(package)[rest]
    return None


def said(key: str, language: Language, values: Mapping[str, object], *, otherwise: str) -> str:
    """The sentence of a text key, or ``otherwise`` when no room has it or its parameters are missing."""
    text = _texts_for(key)
    try:
        return text[language].format(**values) if text else otherwise
    except (KeyError, IndexError):
        return otherwise


def told(error: MetropoolError) -> ErrorBody:
    """What a person is told of an error; what the log says of it stays in the log."""
    kind = KINDS.get(error.status, "internal")
    key = error.key if error.key and _texts_for(error.key) else f"portal.{kind}"
    words = {
        f"{part}_{language}": said(f"{key}{suffix}", language, error.values, otherwise="")
        for part, suffix in (("message", ""), ("remedy", ".remedy"))
        for language in ("zh", "en")
    }
    faults = [_fault(fault, error.values) for fault in error.faults]
    return ErrorBody(error=ErrorTold(kind=kind, key=error.key or key, faults=faults, **words))


def _fault(fault: Fault, values: Mapping[str, object]) -> FaultTold:
    whats = {language: str(fault.said(language).what) for language in LANGUAGES}
    zh, en = (said(what, language, values, otherwise=what) for language, what in whats.items())
    return FaultTold(where=str(fault.where), what_zh=zh, what_en=en)


def answer_to(error: MetropoolError, *, status: int | None = None) -> Response:
    """The HTTP answer to an error."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Locked):
        headers["Retry-After"] = str(error.retry_after_s)
    elif error.status == 503:
        headers["Retry-After"] = str(RETRY_S)
    body = told(error).model_dump_json()
    return Response(body, status_code=status or error.status, media_type="application/json", headers=headers)


def faults_of(problems: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Every fault the framework found in a request, as ours."""
    return [
        Fault(where=".".join(str(part) for part in problem["loc"][1:]) or str(problem["loc"][0]), what=_what(problem))
        for problem in problems
    ]


def _what(problem: Mapping[str, Any]) -> Words:
    """A schema's own kinds have texts here, Pydantic's those of every file; of what has neither nothing is told but that it is wrong."""
    if problem["type"] in WANTED or problem["type"] == "extra_forbidden":
        return misfit(problem)
    key = f"fault.{problem['type']}"
    return key if _texts_for(key) else "fault.wrong"


def handle_errors(app: FastAPI) -> None:
    """Give every error of an application the one shape."""

    async def ours(_: Request, error: Exception) -> Response:
        assert isinstance(error, MetropoolError)
        if error.status >= 500:
            log.warning("refused", reason=str(error), status=error.status)
        return answer_to(error)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer_to(Invalid("the request is not as it should be", faults=faults_of(error.errors())))

    async def framework(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code in (404, 405):
            return answer_to(NotFound("no such address"), status=error.status_code)
        return answer_to(Invalid(str(error.detail)), status=422 if error.status_code == 400 else error.status_code)

    async def unforeseen(request: Request, error: Exception) -> Response:
        # Text, not exc_info: pretty printers would write local variables, passwords among them.
        log.error("a fault of ours", path=request.url.path, fault="".join(traceback.format_exception(error)))
        return answer_to(MetropoolError("a fault of ours"))

    app.add_exception_handler(MetropoolError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, framework)
    app.add_exception_handler(Exception, unforeseen)
