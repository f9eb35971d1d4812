"""Django settings: read once, at the edge, from the environment."""

from __future__ import annotations

SECRET_KEY = "only for static analysis"  # noqa: S105
INSTALLED_APPS: list[str] = []
USE_TZ = True
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
