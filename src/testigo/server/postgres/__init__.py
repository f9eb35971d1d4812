"""PostgreSQL, given by ``DATABASE_URL`` or run by ourselves: see ``docs/adr/0004-embedded-postgresql.md``.

Rules of this package
---------------------
1. Only PostgreSQL's programs are taken from elsewhere; who starts, owns and stops them is decided here.
2. Nothing here knows a table: roles are created, grants belong to migrations.
3. Programs use what this module names; the rest may change.
"""

from testigo.server.postgres.client import Server, acquire, database_url, home_directory, release_all
from testigo.server.postgres.roles import DATABASE, ROLES, role_name

__all__ = ["DATABASE", "ROLES", "Server", "acquire", "database_url", "home_directory", "release_all", "role_name"]
