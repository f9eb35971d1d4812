"""The reviewers' API: one endpoint, to type what a sheet says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpRequest
from ninja import Schema
from ninja.responses import Response

from testigo.election import Profile
from testigo.server.review.typed import Typed, reading_of
from testigo.server.store import facing, readings
from testigo.server.web.access import Bearer
from testigo.server.web.api import ErrorAnswer, make_api, refuse_too_long
from testigo.server.web.ready import add_readiness

api = make_api("Testigo: review", "Type what the image of a tally sheet says.")


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody whose token may type. Nothing else of them is known here."""

    token_hash: bytes


class ReviewerToken(Bearer):
    """Admits tokens of reviewers."""

    def admit(self, request: HttpRequest, token_hash: bytes) -> Reviewer | None:
        """See :class:`.Bearer`."""
        if not readings.is_reviewer(token_hash):
            return None
        refuse_too_long(request)
        return Reviewer(token_hash)


class Kept(Schema):
    """The number of the reading; the same numbers typed again by the same person are the same reading."""

    reading: int


@api.post(
    "/api/v1/readings",
    auth=ReviewerToken(),
    response={201: Kept, **dict.fromkeys((400, 401, 404, 409, 411, 413, 422, 500, 503, 507), ErrorAnswer)},
    summary="Type a reading",
)
def type_reading(request: HttpRequest, typed: Typed) -> Response:
    """Keep what a person typed. Nothing is kept of a reading that has problems; all of them are listed."""
    reading = reading_of(profile(), typed)
    number = readings.type_reading(request.auth.token_hash, typed.submission, reading)  # type: ignore[attr-defined]
    return Response({"reading": number}, status=201)


@lru_cache(maxsize=1)
def profile() -> Profile:
    """The election's profile; it never changes."""
    return facing.profile()


add_readiness(api)
