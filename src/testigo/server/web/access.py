"""Who may call a route; a program with a route that does not say so does not start.

Rules of this module
--------------------
1. Every operation declares its access: :data:`PUBLIC`, or a bearer check. Nothing is inherited, nothing is a default.
2. Every path that the program serves is an operation of its API, or the API's description: the source's words.
3. A token is looked up by its hash, before any of the body is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, get_resolver
from ninja import NinjaAPI
from ninja.constants import NOT_SET
from ninja.operation import Operation, PathView
from ninja.security import HttpBearer

from testigo.errors import InternalError
from testigo.server.store.credentials import hash_token
from testigo.server.web.description import describe_api
from testigo.server.web.refusals import unknown_token

#: Declares a route that anybody may call. It must not tell anything about anybody.
PUBLIC = None

_LONGEST_TOKEN = 200


class Bearer(HttpBearer):
    """A bearer check: ``admit`` says who a token's hash belongs to, in a program's own words, or ``None``."""

    def __call__(self, request: HttpRequest) -> Any:
        """Whoever ``admit`` knows; 401 otherwise."""
        admitted = super().__call__(request)
        if admitted is None:
            raise unknown_token()
        return admitted

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """See :class:`ninja.security.HttpBearer`."""
        if not 0 < len(token) <= _LONGEST_TOKEN:
            return None
        return self.admit(request, hash_token(token))

    def admit(self, request: HttpRequest, token_hash: bytes) -> Any:
        """Who it is, as a true value; ``None`` for somebody who may not call this."""
        raise NotImplementedError


def check_access(api: NinjaAPI) -> None:
    """Refuse to start with a route whose access is not declared.

    Raises:
        InternalError: there is one; the message names it.
    """
    paths, undeclared = 0, []
    for path, operation in _operations(api):
        paths += 1
        if operation.auth_param is NOT_SET:
            undeclared.append(f"{'/'.join(operation.methods)} {path}")
    patterns = list(_patterns(get_resolver().url_patterns))
    undeclared += [str(p.pattern) for p in patterns if not _belongs_to(api, p)]
    if undeclared or not paths:
        raise InternalError(
            f"Access is not declared for: {', '.join(undeclared) or 'any route'}.",
            "Give each operation auth=PUBLIC or a bearer check.",
        )


def _operations(api: NinjaAPI) -> Iterator[tuple[str, Operation]]:
    for router in api._get_bound_routers():
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield path, operation


def _patterns(entries: list[Any]) -> Iterator[URLPattern]:
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry.url_patterns)
        else:
            yield entry


def _belongs_to(api: NinjaAPI, pattern: URLPattern) -> bool:
    """Whether a URL leads to an operation of that API (checked above) or to its description."""
    views = {id(view) for router in api._get_bound_routers() for view in router.path_operations.values()}
    inner = [cell.cell_contents for cell in getattr(pattern.callback, "__closure__", None) or ()]
    if any(isinstance(value, PathView) and id(value) in views for value in inner):
        return True
    return isinstance(pattern.callback, partial) and pattern.callback.func is describe_api
