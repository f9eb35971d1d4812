"""What the programs cannot do, and what their logs do not say."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from testigo.server.postgres import database_url
from testigo.server.web.logs import SafeFormatter

STATEMENTS = (
    "SELECT * FROM {}",
    "SELECT count(*) FROM {}",
    "DELETE FROM {}",
    "INSERT INTO {} DEFAULT VALUES",
    "TRUNCATE {}",
    "COPY {} TO STDOUT",
)
FUNCTIONS = {
    "intake": {"intake_admit", "intake_receive", "intake_leaf", "log_tile", "log_head", "backlog"},
    "review": {"review_admit", "review_type", "backlog"},
}


@pytest.mark.parametrize("role", ["intake", "review"])
def test_a_program_that_was_broken_into_can_read_nothing(served: Any, role: str) -> None:
    tables = [row[0] for row in served.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert {"submission", "nonce", "credential", "reading", "opened", "leaf", "procrastinate_jobs"} <= set(tables)
    url = database_url(role, home=served.home)
    with psycopg.connect(url, autocommit=True) as connection:
        for table in tables:
            statements = [statement.format(table) for statement in STATEMENTS]
            if table == "election":
                assert connection.execute("SELECT code FROM election").fetchone() is not None
                statements = statements[2:5]
            for statement in statements:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE loot (x int)")
    callable_by = served.rows(
        "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace "
        "WHERE nspname = 'public' AND proname NOT LIKE 'procrastinate%%' AND prorettype <> 'trigger'::regtype "
        "AND has_function_privilege(%s, p.oid, 'EXECUTE')",
        f"testigo_{role}",
    )
    assert {row[0] for row in callable_by} == FUNCTIONS[role]


def test_only_the_auditor_reads_nonces(served: Any) -> None:
    for role in ("intake", "opener", "reader", "review", "sequencer", "publish"):
        url = database_url(role, home=served.home)
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM nonce")
    assert served.rows("SELECT count(*) FROM nonce", role="auditor")


def test_logs_name_nobody(
    served: Any, noise: Callable[[int], bytes], sha256: Any, request_to: Any, country: Any
) -> None:
    people = [*served.people("observer", 2), *served.people("hub"), *served.people("reviewer")]
    secrets = [person[key] for person in people for key in ("pseudonym", "token")]
    body = noise(3_000)
    for person in people:
        answer = served.send(person["token"], body)
        if answer.status == 201:
            secrets += [answer.json["receipt"], answer.json["leaf_hash"]]
            request_to(served.observer, "GET", f"/api/v1/submissions/{answer.json['receipt']}/proof", person["token"])
            request_to(served.observer, "GET", f"/nowhere/{answer.json['receipt']}?token={person['token']}")
            request_to(served.observer, "GET", "/ready", headers={"X-Bad Header": person["token"], "Referer": "x"})
        served.type(person["token"], {"submission": "0" * 32, "contest": person["pseudonym"], "null": "x"})
        served.send(person["token"], body, headers={"Transfer-Encoding": f"odd-{person['token']}"})
    served.drain()
    text = served.log.read_text()
    assert '"route": "api/v1/submissions/<receipt>/proof"' in text, "there was traffic, and it was logged"
    for secret in [*secrets, sha256(body), "127.0.0.1", country.sheets[0].station, "Bearer"]:
        assert secret not in text
    for line in text.splitlines():
        assert {"time", "level", "program", "logger", "message"} <= set(json.loads(line))


def test_of_other_peoples_messages_nothing_is_logged_but_where_they_come_from() -> None:
    formatter = SafeFormatter("observer")
    try:
        raise ValueError("hidden text")
    except ValueError:
        caught = sys.exc_info()
    for name in ("gunicorn.error", "django.db", "procrastinate.worker", "testigo.web"):
        message = "said" if name.startswith("testigo") else "from hidden address %s"
        record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, ("hidden argument",), caught)
        record.token = "hidden extra"
        record.route = "template"
        line = formatter.format(record)
        assert "hidden" not in line
        assert json.loads(line)["kind"] == "ValueError"
        assert ("template" in line) == name.startswith("testigo")


UNDECLARED = """
import django
django.setup()
from django.urls import path
from testigo.server.web.access import check_access
from testigo.server.{program} import api, urls
from ninja.constants import NOT_SET
check_access(api.api)
print("sound")
{change}
check_access(api.api)
print("started")
"""
LATE_ROUTE = """
from testigo.server.web.api import make_api, urls_of
from testigo.server.web.ready import add_readiness
api.api = make_api("late", "")
add_readiness(api.api)
@api.api.get("/leak")
def leak(request): return 1
urls.urlpatterns[:] = urls_of(api.api)
"""


@pytest.mark.parametrize("program", ["observer", "review"])
@pytest.mark.parametrize(
    "change", [LATE_ROUTE, 'urls.urlpatterns.append(path("leak", lambda request: None))'], ids=["route", "view"]
)
def test_a_route_whose_access_is_not_declared_stops_the_start(served: Any, program: str, change: str) -> None:
    environment = {
        **served.environment,
        "TESTIGO_HOME": str(served.home),
        "DJANGO_SETTINGS_MODULE": f"testigo.server.{program}.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", UNDECLARED.format(program=program, change=change)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "sound\n", done.stderr
    assert "leak" in done.stderr
    assert "Access is not declared" in done.stderr


def test_a_defect_shows_a_reference_number_and_nothing_else(served: Any, request_to: Any, noise: Any) -> None:
    served.rows("ALTER FUNCTION intake_leaf(bytea, text) RENAME TO intake_leaf_away")
    try:
        path = f"/api/v1/submissions/{'0' * 32}/proof"
        answer = request_to(
            served.observer, "GET", path, served.tokens("observer")[0], headers={"Accept-Language": "en"}
        )
    finally:
        served.rows("ALTER FUNCTION intake_leaf_away(bytea, text) RENAME TO intake_leaf")
    assert (answer.status, set(answer.json)) == (500, {"error", "remedy", "problems"})
    reference = answer.json["error"].split("Reference: ")[1].rstrip(".")
    assert "intake" not in answer.body.decode()
    logged = [json.loads(line) for line in served.log.read_text().splitlines() if reference in line]
    assert [(line["reference"], line["status"]) for line in logged] == [(reference, 500)]
    assert "UndefinedFunction" in logged[0]["kind"]
