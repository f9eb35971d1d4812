"""Around every request: its line in the log, and the one shape for errors that Django or ninja made.

Rules of this module
--------------------
1. The line holds the route's template, never the path: a path may hold a receipt.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from testigo.server.web.refusals import answer_exception, answer_status

_log = logging.getLogger("testigo.web")
_QUIET = ("health", "ready")


class OneShape:
    """See the module. The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self._get_response(request)
        if response.status_code >= 400 and not getattr(response, "shaped", False):
            allowed = response.get("Allow")
            response = answer_status(request, response.status_code)
            if allowed:
                response["Allow"] = allowed
        if not response.streaming:
            response["Content-Length"] = str(len(response.content))
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        match = request.resolver_match
        route = match.route if match else ""
        if route not in _QUIET or response.status_code >= 500:
            facts = {
                "method": request.method if request.method in ("GET", "POST", "HEAD") else "other",
                "route": route,
                "status": response.status_code,
                "milliseconds": round((time.perf_counter() - begun) * 1000, 1),
            }
            _log.info("request", extra=facts)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        """What no handler of the API took."""
        return answer_exception(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404."""
    return answer_status(request, 404)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler400."""
    return answer_status(request, 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: what even :class:`OneShape` did not see."""
    return answer_exception(request, RuntimeError())
