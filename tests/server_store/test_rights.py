"""What each program's role may do, tried with real connections: one break-in is not all of them."""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg
import pytest
from psycopg import sql

TABLES = (
    "election", "credential", "submission", "nonce", "opened", "reading", "person_ordinal", "ledger_queue", "leaf",
    "tile", "checkpoint", "decision", "standing", "procrastinate_jobs",
)  # fmt: skip

#: Tables that a role may SELECT whole rows from. What is missing here is forbidden, and tried.
MAY_READ = {
    "intake": {"election"},
    "review": {"election"},
    "opener": {"election", "opened", "procrastinate_jobs"},
    "reader": {"election", "opened", "procrastinate_jobs"},
    "publish": {"election", "leaf", "tile", "checkpoint", "decision", "standing"},
    "auditor": {"election", "nonce", "submission", "opened", "leaf", "checkpoint"},
    "sequencer": set(TABLES) - {"credential", "nonce", "procrastinate_jobs"},
}
#: Tables that a role may DELETE from; nobody may empty one.
MAY_DELETE = {
    "opener": {"procrastinate_jobs"},
    "reader": {"procrastinate_jobs"},
    "sequencer": {"ledger_queue", "tile"},
}
FUNCTIONS = {
    "sender_of(''::bytea)": set(),
    "intake_admit(''::bytea, 0, 0, 0)": {"intake"},
    "intake_receive(''::bytea, '', 0, '', '', 0, 0, ''::bytea, ''::bytea, '', 0)": {"intake"},
    "intake_leaf(''::bytea, '')": {"intake"},
    "log_tile('')": {"intake"},
    "log_head()": {"intake"},
    "review_admit(''::bytea)": {"review"},
    "review_type(''::bytea, '', '', '', '', ''::bytea, ''::bytea)": {"review"},
    "backlog()": {"intake", "review", "sequencer"},
}  # fmt: skip


def _allowed(connection: psycopg.Connection[Any], statement: sql.SQL | sql.Composed) -> bool:
    try:
        connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Error:
        return True  # it was let in, and failed on something else
    return True


def test_each_role_reads_and_deletes_what_is_listed_and_nothing_else(place: Any) -> None:
    found: dict[str, dict[str, set[str]]] = {"SELECT": {}, "DELETE": {}, "TRUNCATE": {}, "UPDATE": {}}
    for role in MAY_READ:
        with place.connect(role) as connection:
            for table in TABLES:
                name = sql.Identifier(table)
                for verb, statement in (
                    ("SELECT", sql.SQL("SELECT * FROM {} LIMIT 0").format(name)),
                    ("DELETE", sql.SQL("DELETE FROM {} WHERE false").format(name)),
                    ("TRUNCATE", sql.SQL("TRUNCATE {}").format(name)),
                ):
                    if _allowed(connection, statement):
                        found[verb].setdefault(role, set()).add(table)
    assert found["SELECT"] == MAY_READ
    assert found["DELETE"] == MAY_DELETE
    assert found["TRUNCATE"] == {}


def test_each_role_calls_its_own_functions_alone(place: Any) -> None:
    for call, allowed in FUNCTIONS.items():
        for role in MAY_READ:
            with place.connect(role) as connection:
                assert _allowed(connection, sql.SQL(f"SELECT {call}")) == (role in allowed), (role, call)


ATTEMPTS = [
        ("opener", "SELECT sender FROM submission"),
        ("opener", "SELECT receipt FROM submission"),
        ("opener", "INSERT INTO opened (submission_id, outcome, plaintext, image, withheld, leaf_index) "
                   "VALUES (1, 'empty', '', '', '', 5)"),
        ("opener", "INSERT INTO reading (submission_id, contest, station, person, reader, version, body, body_hash) "
                   "VALUES (1, '', '', '', '', '', '', '')"),
        ("reader", "SELECT channel FROM submission"),
        ("reader", "SELECT contest, station, body FROM reading"),
        ("reader", "INSERT INTO nonce (submission_id, stage, nonce) VALUES (1, 'x', '')"),
        ("reader", "UPDATE reading SET leaf_index = 3"),
        ("sequencer", "UPDATE reading SET person = ''"),
        ("sequencer", "UPDATE leaf SET body = ''"),
        ("sequencer", "INSERT INTO ledger_queue (leaf_type, body) VALUES ('configuration', '')"),
        ("publish", "INSERT INTO ledger_queue (leaf_type, body) VALUES ('release', '')"),
        ("intake", "CREATE TABLE mine (x int)"),
        ("review", "CREATE FUNCTION sha256(text) RETURNS bytea LANGUAGE sql AS 'SELECT NULL::bytea'"),
        ("intake", "SET ROLE testigo_owner"),
    ]  # fmt: skip


def test_what_a_broken_program_would_try(place: Any) -> None:
    for role, statement in ATTEMPTS:
        with place.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


NOT_ITS_OWN = [("opener", "decision"), ("opener", "reading"), ("opener", "release"), ("reader", "opened"),
     ("reader", "configuration"), ("reader", "decision")]  # fmt: skip


def test_a_worker_queues_its_own_kind_of_leaf_alone(place: Any) -> None:
    for role, kind in NOT_ITS_OWN:
        with place.connect(role) as connection, pytest.raises(psycopg.errors.RaiseException, match="may not queue"):
            connection.execute("INSERT INTO ledger_queue (leaf_type, body) VALUES (%s, '{}')", [kind])
    assert place.rows("SELECT count(*) FROM ledger_queue") == [(0,)]


def test_the_reader_cannot_make_up_people(place: Any) -> None:
    statement = (
        "INSERT INTO reading (submission_id, contest, station, person, reader, version, body, body_hash) "
        "VALUES (1, 'c', 's', %s, %s, '1', '', '')"
    )
    for person, reader in (("somebody", "person"), ("somebody", "qr/zxing-cpp"), ("", "person")):
        with place.connect("reader") as connection, pytest.raises(psycopg.errors.RaiseException, match="as a person"):
            connection.execute(statement, [person, reader])
    assert place.rows("SELECT count(*) FROM reading") == [(0,)]


EVIDENCE = (
    "leaf", "checkpoint", "decision", "nonce", "submission", "opened", "reading", "person_ordinal", "election",
)  # fmt: skip


def test_not_even_the_owner_changes_evidence(place: Any) -> None:
    station = place.country.stations[0]
    receipt = place.send(place.person("hub")[1], place.country.scan(station)).receipt
    place.drain()
    place.type(place.person("reviewer")[1], receipt, station, place.country.counts(station))
    place.turn()
    for table in EVIDENCE:
        _refuses_every_change(place, table)


def _refuses_every_change(place: Any, table: str) -> None:
    name = sql.Identifier(table)
    ((column,),) = place.rows(
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = %s AND data_type = 'text' "
        "UNION ALL SELECT 'size' WHERE %s = 'checkpoint' LIMIT 1",
        table,
        table,
    )
    content = sql.SQL("SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {} t").format(name)
    before = place.rows(content)
    assert before != [(None,)]
    value = sql.SQL("0") if column == "size" else sql.SQL("'other'")
    with place.connect() as connection:
        for statement in (
            sql.SQL("UPDATE {} SET {} = {}").format(name, sql.Identifier(column), value),
            sql.SQL("DELETE FROM {}").format(name),
            sql.SQL("TRUNCATE {} CASCADE").format(name),
        ):
            with pytest.raises(psycopg.errors.RaiseException):
                connection.execute(statement)
    assert place.rows(content) == before


def test_a_leaf_index_is_given_once(place: Any) -> None:
    place.send(place.person("hub")[1], place.country.scan(place.country.stations[0]))
    place.drain()
    for table in ("submission", "opened", "reading"):
        with place.connect("sequencer") as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(sql.SQL("UPDATE {} SET leaf_index = 77").format(sql.Identifier(table)))


def test_a_rehearsal_stays_a_rehearsal_and_a_database_has_one_election(place: Any) -> None:
    with place.connect() as connection:
        with pytest.raises(psycopg.errors.RaiseException, match="rehearsal"):
            connection.execute("UPDATE election SET rehearsal = false")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(
                "INSERT INTO election (code, profile, register_sha256, register_complete, rehearsal, origin) "
                "VALUES ('other', '', '', false, false, 'x')"
            )


ODD_SHAPES: list[tuple[int, object]] = [
    (1, "not a hash"),
    (2, -1),
    (3, "image"),
    (4, "short"),
    (7, b"nonce"),
    (8, b"x" * 5000),
    (9, "y" * 5000),
]


def test_the_intake_function_takes_no_odd_shapes(place: Any) -> None:
    _, token = place.person("observer")
    for place_in_call, value in ODD_SHAPES:
        given: list[object] = [
            token, "ab" * 32, 5, "stored", "cd" * 16, 1, 1, b"n" * 32, b"leaf", "promise", 2
        ]  # fmt: skip
        given[place_in_call] = value
        with place.connect("intake") as connection, pytest.raises(psycopg.Error) as raised:
            connection.execute(
                "SELECT intake_receive(%s, %s::text, %s::bigint, %s::text, %s::text, %s::bigint, %s::bigint, %s, %s, "
                "%s::text, %s::bigint)",
                given,
            )
        assert raised.value.sqlstate == "TS422"
        assert place.rows("SELECT count(*) FROM submission") == [(0,)]


def test_the_token_is_nowhere_in_the_database(place: Any) -> None:
    from testigo.server.store import credentials

    ((pseudonym, token),) = credentials.issue_tokens("observer", 1)
    ((kept,),) = place.rows("SELECT token_hash FROM credential WHERE pseudonym = %s", pseudonym)
    assert bytes(kept) == hashlib.sha256(token.encode()).digest()
    for (table,) in place.rows("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"):
        statement = sql.SQL("SELECT 1 FROM {} t WHERE t::text LIKE %s").format(sql.Identifier(table))
        assert place.rows(statement, f"%{token}%") == []
