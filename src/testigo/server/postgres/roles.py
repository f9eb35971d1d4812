"""Who may log in to the database: roles, their passwords, their addresses.

Rules of this module
--------------------
1. Every program has a role of its own, and every role a password of its own (SCRAM): all programs run under one user
   id, so the operating system cannot tell them apart.
2. A new role may connect, and nothing else. What it may do is granted by migrations, table by table.
3. A password never appears in a statement: the server is given its SCRAM verifier.
4. Nothing here is ever logged.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from testigo.errors import InputError, WireError
from testigo.server.postgres.layout import Layout, read_json, write_private

if TYPE_CHECKING:
    import psycopg

ROLES = ("owner", "intake", "opener", "reader", "review", "sequencer", "auditor", "publish")
"""Short names of the roles. ``owner`` runs migrations and owns the tables; the others are granted what they need."""

DATABASE = "testigo"
SUPERUSER = "postgres"


def role_name(role: str) -> str:
    """The name in PostgreSQL of a role: ``intake`` becomes ``testigo_intake``.

    Raises:
        InputError: there is no such role.
    """
    short = role.removeprefix("testigo_")
    if short not in ROLES:
        raise InputError(f"There is no database role {role!r}.", f"Use one of: {', '.join(ROLES)}.")
    return f"testigo_{short}"


def address(user: str, password: str, socket_directory: str, dbname: str) -> str:
    """A ``postgresql://`` URL for a server behind a unix socket. Every part is escaped."""
    parts = (quote(user, safe=""), quote(password, safe=""), quote(dbname, safe=""))
    return "postgresql://{}:{}@/{}?".format(*parts) + urlencode(
        {"host": socket_directory, "port": "5432"}, safe="/", quote_via=quote
    )


def passwords(layout: Layout, *, create: bool = False) -> dict[str, str]:
    """Role name to password. With ``create`` (the supervisor alone does) missing ones are drawn and stored first.

    Raises:
        WireError: there is a database but no password file: a new one would lock everybody out.
    """
    found = read_json(layout.passwords)
    names = [SUPERUSER, *(role_name(role) for role in ROLES)]
    missing = [name for name in names if name not in found]
    if SUPERUSER in missing and layout.has_data:
        raise WireError(
            f"The database in {layout.data} is there, but its passwords are missing from {layout.passwords}.",
            "Restore that file from a backup of the data home.",
        )
    if missing and create:
        found.update({name: secrets.token_urlsafe(32) for name in missing})
        write_private(layout.passwords, json.dumps(found, indent=1, sort_keys=True) + "\n")
    return found


def ensure_roles(connection: psycopg.Connection, known: dict[str, str]) -> None:
    """Create the roles that are missing, each with its password. ``connection`` is the superuser's."""
    from psycopg import sql

    rows = connection.execute("SELECT rolname FROM pg_roles").fetchall()
    present = {str(row[0]) for row in rows}
    for name in (role_name(role) for role in ROLES):
        if name in present:
            continue
        verifier = connection.pgconn.encrypt_password(known[name].encode(), name.encode(), b"scram-sha-256")
        rights = "CREATEDB" if name == role_name("owner") else "NOCREATEDB"  # test and rehearsal databases
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS {} PASSWORD {}").format(
                sql.Identifier(name), sql.SQL(rights), sql.Literal(verifier.decode())
            )
        )
    for database in ("postgres", "template1"):
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(sql.Identifier(role_name("owner"))))


def ensure_database(connection: psycopg.Connection, dbname: str) -> bool:
    """Create database ``dbname``, owned by the owner role; every role may connect, nobody else may do anything.

    ``connection`` is in autocommit mode and the superuser's or the owner's. Returns False if the database was there.

    Raises:
        InputError: the name is not a plain lower-case identifier.
    """
    import psycopg
    from psycopg import sql

    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", dbname):
        raise InputError(
            f"{dbname!r} cannot be the name of a database.", "Use lower-case letters, digits and _, at most 63."
        )
    name, owner = sql.Identifier(dbname), sql.Identifier(role_name("owner"))
    everybody = sql.SQL(", ").join(sql.Identifier(role_name(role)) for role in ROLES)
    created = not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [dbname]).fetchone()
    if created:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0").format(name, owner))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # another process was faster
            created = False
    # Repeated when the database was there: a kill may have come between the statements.
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, everybody))
    return created
