"""An API's description of itself, in OpenAPI: the source's words and nothing of the server's state."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from ninja import NinjaAPI
from ninja.responses import Response


def describe_api(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """The description; the same for everybody, built from no header."""
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    return Response(api.get_openapi_schema(path_prefix=""))
