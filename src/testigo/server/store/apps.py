"""Django's name for the store."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """The tables of the server."""

    name = "testigo.server.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
