"""What a program answers when it does not do what it was asked: one shape, two languages.

Rules of this module
--------------------
1. A sentence here is a pair (English, Spanish); the request's ``Accept-Language`` chooses, else the settings do.
2. Bad input is a 4xx with every problem found; what the disk or the database did not do is a 503 or 507, to be tried
   again; what is our own bug is a 500 with a reference number and nothing else.
"""

from __future__ import annotations

import errno
import json
import logging
import re
import secrets
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from testigo.errors import InputError, WireError
from testigo.server.store.errors import NotOpenedYetError, UnknownSheetError, UnknownTokenError
from testigo.server.web.logs import describe

#: English, Spanish.
Text = tuple[str, str]

_log = logging.getLogger("testigo.web")
_FULL = (errno.ENOSPC, errno.EDQUOT)


class RefusedError(InputError):
    """A request that is refused.

    Attributes:
        status: of the answer, 4xx.
        what, next_step: what is wrong, and what to do about it.
        fields: every problem found, as (field, what is wrong with it).
    """

    def __init__(self, status: int, what: Text, next_step: Text, fields: Sequence[tuple[str, Text]] = ()) -> None:
        super().__init__(what[0], next_step[0])
        self.status = status
        self.what = what
        self.next_step = next_step
        self.fields = tuple(fields)


TRY_AGAIN = ("Try again in a minute.", "Inténtelo de nuevo en un minuto.")
SEE_DESCRIPTION = ("See /api/openapi.json.", "Vea /api/openapi.json.")

_UNKNOWN_TOKEN = (
    401,
    ("The token is missing, unknown or not for this program.", "La credencial falta, no se conoce o no es de aquí."),
    ("Ask your coordinator for a new one.", "Pida otra a su coordinador."),
)
_OF_ERRORS: tuple[tuple[type[Exception], tuple[int, Text, Text]], ...] = (
    (UnknownTokenError, _UNKNOWN_TOKEN),
    (
        UnknownSheetError,
        (
            404,
            ("There is no such sheet.", "No existe esa acta."),
            ("Give the receipt of the submission that shows it.", "Dé el recibo del envío que la muestra."),
        ),
    ),
    (
        NotOpenedYetError,
        (
            409,
            ("This submission is not open as an image.", "Este envío no está abierto como imagen."),
            ("Try again in a moment, or take another.", "Inténtelo en un momento, o tome otro."),
        ),
    ),
)
_OF_STATUS: dict[int, tuple[Text, Text]] = {
    400: (("The request cannot be read.", "La solicitud no se puede leer."), SEE_DESCRIPTION),
    404: (("There is nothing here.", "Aquí no hay nada."), SEE_DESCRIPTION),
    405: (("This cannot be done here.", "Esto no se puede hacer aquí."), SEE_DESCRIPTION),
    503: (
        ("The server cannot do this now; nothing was kept.", "El servidor no puede ahora; no se guardó nada."),
        TRY_AGAIN,
    ),
    507: (
        ("The server's disk is full; nothing was kept.", "El disco del servidor está lleno; no se guardó nada."),
        ("Keep the file and try again later.", "Conserve el archivo e inténtelo más tarde."),
    ),
}


def unknown_token() -> RefusedError:
    """401: no token, an unknown or revoked one, or one of another kind of person; which of these is not told."""
    return RefusedError(*_UNKNOWN_TOKEN)


def answer(
    request: HttpRequest, status: int, error: Text, remedy: Text, fields: Sequence[tuple[str, Text]] = ()
) -> HttpResponse:
    """An answer in the one shape, in the request's language."""
    spanish = is_spanish(request)
    body = {
        "error": error[spanish],
        "remedy": remedy[spanish],
        "problems": [{"field": field, "problem": text[spanish]} for field, text in fields],
    }
    response = HttpResponse(json.dumps(body, ensure_ascii=True), status=status, content_type="application/json")
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    response.shaped = True  # type: ignore[attr-defined]
    return response


def answer_status(request: HttpRequest, status: int) -> HttpResponse:
    """An answer in the one shape where only its status is known."""
    error, remedy = _OF_STATUS.get(status, _OF_STATUS[400 if status < 500 else 503])
    return answer(request, status, error, remedy)


def answer_exception(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """What a person is told about an exception; what is ours to repair is logged under a reference number."""
    if isinstance(exception, RefusedError):
        return answer(request, exception.status, exception.what, exception.next_step, exception.fields)
    for kind, told in _OF_ERRORS:
        if isinstance(exception, kind):
            return answer(request, *told)
    if isinstance(exception, WireError | OperationalError | InterfaceError):
        status = 507 if _disk_is_full(exception) else 503
        _log.error("not done", extra={"status": status, **describe(exception)})
        return answer_status(request, status)
    reference = secrets.token_hex(4)
    kind_of = "database refused" if isinstance(exception, DatabaseError) else "defect"
    _log.error(kind_of, extra={"status": 500, "reference": reference, **describe(exception)})
    error = (
        f"Something went wrong on our side. Reference: {reference}.",
        f"Algo falló de nuestro lado. Referencia: {reference}.",
    )
    return answer(request, 500, error, _REPORT)


_REPORT = (
    "Report the reference; trying again does no harm.",
    "Comunique la referencia; volver a intentar no hace daño.",
)


def is_spanish(request: HttpRequest) -> bool:
    """Whether the texts of an answer are Spanish; English otherwise."""
    found = re.search(r"\b(es|en)\b", request.headers.get("Accept-Language", "").lower())
    return (found.group(1) if found else settings.LANGUAGE_CODE) == "es"


def _disk_is_full(exception: BaseException) -> bool:
    return any(getattr(cause, "errno", None) in _FULL for cause in _causes(exception)) or any(
        getattr(cause, "sqlstate", None) == "53100" for cause in _causes(exception)
    )


def _causes(exception: BaseException | None) -> Iterator[BaseException]:
    while exception is not None:
        yield exception
        exception = exception.__cause__
