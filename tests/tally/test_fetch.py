"""What stands, fetched from a real PostgreSQL: the same arrays as were stored, or an error."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

psycopg = pytest.importorskip("psycopg")

from testigo.errors import InternalError  # noqa: E402
from testigo.records import Standing  # noqa: E402
from testigo.server.postgres import acquire  # noqa: E402
from testigo.server.store import counted as store  # noqa: E402
from testigo.tally import tally  # noqa: E402

Make = Callable[..., Any]
TABLE = """
CREATE TABLE standing (contest text NOT NULL, station text NOT NULL, register_row integer, standing smallint NOT NULL,
    contested boolean NOT NULL, candidates bytea, lines bytea, null_votes integer, blank_votes integer,
    decision_leaf bigint, UNIQUE (contest, station))
"""


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    """A connection to a server of its own, with the table of standings."""
    private = Path(tempfile.mkdtemp(prefix="testigo-tally-"))
    before = os.environ.get("TESTIGO_POSTGRES_LINGER_SECONDS")
    os.environ["TESTIGO_POSTGRES_LINGER_SECONDS"] = "0.2"
    try:
        with acquire(private / "home") as server:
            with psycopg.connect(server.url("owner"), autocommit=True) as opened:
                opened.execute(TABLE)
                yield opened
            pid = server.postgres_pid
        deadline = time.monotonic() + 20
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        if before is None:
            del os.environ["TESTIGO_POSTGRES_LINGER_SECONDS"]
        else:
            os.environ["TESTIGO_POSTGRES_LINGER_SECONDS"] = before
        shutil.rmtree(private, ignore_errors=True)


def store_story(connection: Any, day: Any) -> None:
    """Write the decisions of a story as the server does."""
    connection.execute("TRUNCATE standing")
    for leaf, decision in enumerate(day.decisions):
        counts = decision.counts
        candidates = counts and store.pack_votes(counts.candidates[code] for code in day.contest.candidate_codes)
        lines = counts and counts.lines and store.pack_votes(counts.lines[code] for code in day.contest.line_codes)
        row = (
            decision.contest, decision.station, day.register.rows.get(decision.station),
            list(Standing).index(Standing(decision.standing)), "contested" in decision.flags, candidates, lines,
            counts and counts.null, counts and counts.blank, leaf,
        )  # fmt: skip
        connection.execute("INSERT INTO standing VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", row)


VOTES = st.integers(0, 2**31 - 1)
COUNTS = st.none() | st.fixed_dictionaries(
    {
        "votes": st.tuples(VOTES, VOTES, VOTES),
        "null": st.none() | VOTES,
        "blank": st.none() | VOTES,
        "lines": st.none() | st.tuples(VOTES, VOTES, VOTES, VOTES),
    }
)
DAY = st.dictionaries(
    st.sampled_from(["c1.1", "c1.2", "c2.1", "c3.1", "c5.1", "nowhere.1", "nowhere.2"]),
    st.tuples(st.sampled_from(list(Standing)), st.booleans(), COUNTS),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DAY, st.sampled_from([8, 20, 2**26]))
def test_what_comes_back_is_what_was_stored(
    connection: Any, story: Make, same: Make, decisions: dict[str, Any], largest: int
) -> None:
    day = story()
    for code, (standing, contested, counts) in decisions.items():
        more = {} if counts is None else dict(counts)
        votes = None if counts is None else dict(zip("ABC", more.pop("votes"), strict=True))
        if counts is not None and counts["lines"] is not None:
            more["lines"] = dict(zip(day.contest.line_codes, counts["lines"], strict=True))
        day.station(code, votes, str(standing), contested=contested, **more)
    store_story(connection, day)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_LARGEST_ARRAY", largest)
        fetched = store.fetch_counted(connection, day.contest, day.register)
    same(fetched, day.counted())
    one, other = tally(day.profile, day.contest, day.register, fetched), day.tally()
    for mine, theirs in zip(one.sums.arrays(), other.sums.arrays(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_another_contest_stays_out(connection: Any, story: Make) -> None:
    day = story().station("c1.1", {"A": 1}).station("c1.1", {"A": 5}, contest="mayor")
    store_story(connection, day)
    fetched = store.fetch_counted(connection, day.contest, day.register)
    assert fetched.candidates.tolist() == [[1, 0, 0]]


def test_nothing_decided_yet(connection: Any, story: Make) -> None:
    day = story()
    store_story(connection, day)
    fetched = store.fetch_counted(connection, day.contest, day.register)
    assert len(fetched) == 0
    assert tally(day.profile, day.contest, day.register, fetched).country.with_tally == 0


@pytest.mark.parametrize(
    "broken",
    [
        r"candidates = '\x0100000002000000'",  # the ballot has three
        r"candidates = '\x0100000002000000' WHERE station = 'c1.1'",  # one row unlike the others
        r"candidates = ('\x' || repeat('01000000', CASE station WHEN 'c1.1' THEN 2 ELSE 4 END))::bytea",  # 2 and 4
        r"candidates = '\x01000000ffffffff01000000'",  # fewer than no votes
        r"candidates = ''",
        r"lines = '\x010000000200000003000000' WHERE station = 'c1.1'",
        "null_votes = -5",
        "blank_votes = -2",
        "standing = 6",
        "standing = -1",
        "register_row = 7 WHERE station = 'c1.2'",  # the register has rows 0 to 6
    ],
)
def test_a_row_that_does_not_fit_is_an_error_and_never_a_number(connection: Any, story: Make, broken: str) -> None:
    day = story().station("c1.1", {"A": 1}, null=0, blank=0).station("c1.2", {"A": 2})
    store_story(connection, day)
    connection.execute(f"UPDATE standing SET {broken}")  # noqa: S608
    with pytest.raises(InternalError):
        store.fetch_counted(connection, day.contest, day.register)


def test_the_connection_is_usable_afterwards_and_reads_bytes_as_ever(connection: Any, story: Make) -> None:
    day = story().station("c1.1", {"A": 1})
    store_story(connection, day)
    store.fetch_counted(connection, day.contest, day.register)
    assert connection.execute("SELECT candidates FROM standing").fetchall() == [(store.pack_votes([1, 0, 0]),)]
