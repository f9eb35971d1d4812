"""Django's settings for everything but the two programs, whose own settings build on these.

The database role of a process is its ``TESTIGO_ROLE`` (``owner`` where migrations run): one break-in is not all. A
process without one (a type checker, say) reaches no database, and starts none.
"""

from __future__ import annotations

import os
import secrets
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from testigo.server.configuration import configuration
from testigo.server.postgres import DATABASE, database_url


def database(role: str) -> dict[str, Any]:
    """Django's description of the database as that role sees it."""
    parts = conninfo_to_dict(database_url(role, home=configuration().home))
    name = parts.pop("dbname", DATABASE)
    if configuration().database_name != DATABASE:
        name = configuration().database_name
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
    }


#: Nothing is signed with it that outlives the process: no sessions, no cookies, no reset links.
SECRET_KEY = secrets.token_urlsafe(32)
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "es"
LANGUAGES = [("es", "Español"), ("en", "English")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["procrastinate.contrib.django", "testigo.server.store"]
MIDDLEWARE: list[str] = []
ALLOWED_HOSTS = ["*"]  # answers are the same for every name: nothing is built from the Host header
_ROLE = os.environ.get("TESTIGO_ROLE")
DATABASES = {"default": database(_ROLE) if _ROLE else {"ENGINE": "django.db.backends.postgresql"}}
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_IMPORT_PATHS = ["testigo.server.jobs"]
LOGGING_CONFIG = None
