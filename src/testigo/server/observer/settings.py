"""Django's settings of the observers' program: its own role, no jobs, no models of people."""

from __future__ import annotations

import os

os.environ["TESTIGO_ROLE"] = "intake"  # whatever the environment says: this program is nobody else

from testigo.server.settings import *  # noqa: F403
from testigo.server.settings import DATABASES
from testigo.server.web.pool import pooled

DATABASES = {"default": pooled(DATABASES["default"])}
INSTALLED_APPS = ["testigo.server.store"]
MIDDLEWARE = ["testigo.server.web.middleware.OneShape"]
ROOT_URLCONF = "testigo.server.observer.urls"
