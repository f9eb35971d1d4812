"""The observers' API: send a file, fetch the proof that the log has it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Schema
from ninja.responses import Response

from testigo.errors import InputError
from testigo.server.observer import uploads
from testigo.server.observer.sender import SenderToken
from testigo.server.store import log, receiving
from testigo.server.web.api import ErrorAnswer, make_api
from testigo.server.web.ready import add_readiness
from testigo.server.web.refusals import RefusedError

api = make_api("Testigo: intake", "Send a file, and get a signed promise that the public log will hold its receipt.")
TOKEN = SenderToken()
_NO_RECEIPT = (
    404,
    ("There is no such receipt of yours.", "No hay tal recibo suyo."),
    ("Give the receipt and the token that belong together.", "Dé el recibo y la credencial que van juntos."),
)
_NOT_YET = (
    404,
    ("The log does not have this receipt yet.", "El registro todavía no tiene este recibo."),
    ("Ask again in a minute.", "Pregunte de nuevo en un minuto."),
)
_BODY = {"schema": {"type": "string", "format": "binary"}}
_ERRORS = dict.fromkeys((400, 401, 404, 408, 411, 413, 415, 422, 500, 503, 507), ErrorAnswer)


class Promised(Schema):
    """What a sender is answered.

    ``receipt`` names the upload; ``promise`` is a signed note over ``leaf_hash``, to be in the log by ``deadline``
    (Unix seconds); ``outcome`` says whether the file was kept: ``stored``, ``too_large`` or ``over_quota``.
    """

    receipt: str
    promise: str
    leaf_hash: str
    deadline: int
    outcome: str


@api.post(
    "/api/v1/submissions",
    auth=TOKEN,
    response={201: Promised, **{code: _ERRORS[code] for code in (400, 401, 408, 413, 415, 500, 503, 507)}},
    summary="Send a file",
    openapi_extra={
        "requestBody": {"required": False, "content": {"application/octet-stream": _BODY, "image/*": _BODY}}
    },
)
def send(request: HttpRequest) -> Response:
    """Send a file's bytes as the body; a retry of the same bytes is answered with the first promise."""
    receipt = uploads.take_in(request, request.auth)  # type: ignore[attr-defined]
    return Response(promised(receipt), status=201)


@api.get(
    "/api/v1/submissions/{receipt}/proof",
    auth=TOKEN,
    response={200: Any, **{code: _ERRORS[code] for code in (400, 401, 404, 422, 500, 503)}},
    summary="Fetch the proof that the log has a receipt",
    openapi_extra={
        "responses": {200: {"description": "a tlog-proof", "content": {"text/plain": {"schema": {"type": "string"}}}}}
    },
)
def proof(request: HttpRequest, receipt: str = Path(..., pattern="^[0-9a-f]{32}$")) -> HttpResponse:  # type: ignore[type-arg]
    """The ``tlog-proof`` of one's own receipt, after the next checkpoint."""
    try:
        leaf, index = receiving.own_leaf(request.auth.token_hash, receipt)  # type: ignore[attr-defined]
    except InputError:
        raise RefusedError(*_NO_RECEIPT) from None
    try:
        text = log.proof_of(leaf, index)
    except InputError:
        raise RefusedError(*_NOT_YET) from None
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def promised(receipt: receiving.Receipt) -> dict[str, str | int]:
    """The answer, the same for everybody."""
    return {
        "receipt": receipt.receipt,
        "promise": receipt.promise,
        "leaf_hash": receipt.leaf_hash,
        "deadline": receipt.deadline,
        "outcome": receipt.outcome,
    }


add_readiness(api, uploads.blobs)
