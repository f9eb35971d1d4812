"""How a program's API is made: one shape of error, strict JSON, its own description.

Rules of this module
--------------------
1. JSON is read strictly: no duplicate keys, no NaN, no lone surrogates, no body beyond the settings' limit.
2. What pydantic found is told as (field, sentence), never with the value that was given.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from ninja.types import DictStrAny

from testigo.server.web.description import describe_api
from testigo.server.web.refusals import SEE_DESCRIPTION, RefusedError, Text, answer, answer_exception, answer_status

_LONGEST_FIELD = 80


class FieldProblem(Schema):
    """One thing wrong with a request."""

    field: str
    problem: str


class ErrorAnswer(Schema):
    """Every answer that is not a success."""

    error: str
    remedy: str
    problems: list[FieldProblem]


class StrictParser(Parser):
    """JSON by rule 1."""

    def parse_body(self, request: HttpRequest) -> DictStrAny:
        """The body's value. Raises :class:`RefusedError` for anything but one strict JSON value."""
        try:
            value = json.loads(request.body, object_pairs_hook=_once, parse_constant=_no_constant)
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # lone surrogates can be neither stored nor logged
        except (ValueError, RecursionError):
            raise RefusedError(
                400, ("The body is not strict JSON.", "El cuerpo no es JSON estricto."), SEE_DESCRIPTION
            ) from None
        return cast(DictStrAny, value)


def make_api(title: str, description: str) -> NinjaAPI:
    """An API whose errors have the one shape."""
    api = NinjaAPI(
        title=title, description=description, version="1", urls_namespace=title, parser=StrictParser(),
        docs_url=None, openapi_url=None,
    )  # fmt: skip
    api.add_exception_handler(Exception, _any)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(ValidationError, _invalid)
    return api


def urls_of(api: NinjaAPI) -> list[URLPattern | URLResolver]:
    """The paths of an API and of its description; without ninja's own pages, which build links from the Host."""
    return [*api.urls[0][:-1], path("api/openapi.json", partial(describe_api, api=api))]


def refuse_too_long(request: HttpRequest) -> None:
    """Refuse a JSON body that is too long, or whose length is not said, before it is read.

    Raises:
        RefusedError: 411 or 413.
    """
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if "HTTP_TRANSFER_ENCODING" in request.META:
        error = ("The request does not say its length.", "La solicitud no dice su longitud.")
        raise RefusedError(411, error, ("Send Content-Length.", "Envíe Content-Length."))
    if limit is not None and int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        error = (f"The request has more than {limit} bytes.", f"La solicitud tiene más de {limit} bytes.")
        raise RefusedError(413, error, ("Send one reading at a time.", "Envíe una lectura a la vez."))


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError
    return value


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _any(request: HttpRequest, error: Any) -> HttpResponse:
    return answer_exception(request, error)


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error.__cause__, RefusedError):
        return answer_exception(request, error.__cause__)
    return answer_status(request, error.status_code)


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    fields = [(_field(problem["loc"]), _sentence(problem)) for problem in error.errors]
    return answer(
        request, 422,
        ("The request does not have the described shape.", "La solicitud no tiene la forma descrita."),
        SEE_DESCRIPTION, fields,
    )  # fmt: skip


def _field(place: Sequence[Any]) -> str:
    """``("body", "typed", "lines", "EG")`` is the field ``lines.EG``."""
    words = [str(word) for word in place[2:]] if place[:1] == ("body",) else [str(word) for word in place[1:]]
    return ".".join(words)[:_LONGEST_FIELD]


def _sentence(problem: dict[str, Any]) -> Text:
    kind, limits = problem["type"], problem.get("ctx", {})
    if kind == "missing":
        return ("is missing", "falta")
    if kind == "extra_forbidden":
        return ("is not known here", "no se conoce aquí")
    if kind == "greater_than_equal":
        return (f"must be {limits['ge']} or more", f"debe ser {limits['ge']} o más")
    if kind == "less_than_equal":
        return (f"must be {limits['le']} or less", f"debe ser {limits['le']} o menos")
    if kind in ("string_too_long", "too_long"):
        most = limits["max_length"]
        return (f"must not be longer than {most}", f"no debe ser más largo que {most}")
    if kind == "string_pattern_mismatch":
        return ("is not written as it should be", "no está escrito como debe")
    if kind.startswith("int"):
        return ("must be a whole number", "debe ser un número entero")
    if kind.startswith("string"):
        return ("must be text", "debe ser texto")
    return ("is not of the right kind", "no es del tipo debido")
