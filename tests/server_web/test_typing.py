"""Typing readings: what is refused, what is kept, and what it takes to confirm."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from testigo.records import Standing

STANDINGS = list(Standing)


@pytest.fixture(scope="module")
def sheet(served: Any, country: Any) -> dict[str, Any]:
    """A sheet that arrived and was opened, and what an honest person types from it."""
    drawn = country.sheets[1]
    answer = served.send(served.tokens("hub")[0], country.scan(1))
    served.drain()
    return {
        "submission": answer.json["receipt"],
        "contest": drawn.contest,
        "station": drawn.station,
        "lines": dict(drawn.counts.lines),
        "candidates": None,
        "null": drawn.counts.null,
        "blank": drawn.counts.blank,
        "printed": dict(drawn.figures),
        "adjudicates": "",
    }


def standing_of(served: Any, station: str) -> list[tuple[Any, ...]]:
    """(standing, contested) of a station."""
    rows = served.rows("SELECT standing, contested FROM standing WHERE station = %s", station)
    return [(STANDINGS[standing], contested) for standing, contested in rows]


def test_a_sheet_is_confirmed_by_its_code_and_a_person(served: Any, sheet: dict[str, Any]) -> None:
    assert standing_of(served, sheet["station"]) == [(Standing.DOCUMENTED, False)]
    reviewer = served.tokens("reviewer")[0]
    first = served.type(reviewer, sheet)
    assert first.status == 201
    assert served.type(reviewer, sheet).body == first.body, "the same numbers by the same person are the same reading"
    served.drain()
    assert standing_of(served, sheet["station"]) == [(Standing.CONFIRMED, False)]
    names = {row[0] for row in served.rows("SELECT convert_from(body, 'UTF8') FROM leaf WHERE leaf_type = 'reading'")}
    assert any(json.loads(name)["person"] == 1 for name in names)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": None}, "candidates"),
        ({"contest": "senado"}, "contest"),
        ({"station": "1"}, "station"),
        ({"station": None}, "station"),
        ({"sheet_code": "040202001.01.1.0001"}, "station"),
        ({"sheet_code": "x"}, "sheet_code"),
        ({"printed": {"voters_moon": 5}}, "printed.voters_moon"),
        ({"null": -1}, "null"),
        ({"null": 1_000_000}, "null"),
        ({"null": 1.5}, "null"),
        ({"null": 1.0}, "null"),
        ({"null": True}, "null"),
        ({"null": "7"}, "null"),
        ({"null": 10**400}, "null"),
        ({"candidates": {"EG": 1}}, "candidates.NM"),
        ({"adjudicates": "x" * 501}, "adjudicates"),
        ({"adjudicates": "a\u0000b"}, "adjudicates"),
        ({"surprise": 1}, "surprise"),
        ({"submission": "../../etc"}, "submission"),
    ],
)
def test_what_does_not_fit_the_ballot_is_refused_by_field(
    served: Any, sheet: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    reviewer = served.tokens("reviewer")[0]
    before = served.rows("SELECT count(*) FROM reading")
    answer = served.type(reviewer, {**sheet, **change})
    assert answer.status == 422, answer.body
    assert field in [problem["field"] for problem in answer.json["problems"]], answer.json
    assert served.rows("SELECT count(*) FROM reading") == before


def test_all_problems_are_named_at_once(served: Any, sheet: dict[str, Any]) -> None:
    lines = {**sheet["lines"], "MOON": 1}
    missing = lines.popitem() and next(iter(sheet["lines"]))
    lines.pop(missing, None)
    lines["MOON"] = 1
    answer = served.type(
        served.tokens("reviewer")[0], {**sheet, "lines": lines, "printed": {"moon": 1}, "station": "nowhere"}
    )
    assert {"lines.MOON", f"lines.{missing}", "printed.moon", "station"} <= {
        problem["field"] for problem in answer.json["problems"]
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[1]", 422),
        (b"null", 422),
        (b"\xff\xfe", 400),
        (b'{"null": 1, "null": 900}', 400),
        (b'{"null": NaN}', 400),
        (b'{"contest": "\\ud800"}', 400),
        (b"[" * 60_000, 400),
        (b" " * 70_000, 413),
        (b"1" * 5_000, 400),
    ],
)
def test_what_is_no_strict_json_is_refused(served: Any, body: bytes, status: int) -> None:
    answer = served.type(served.tokens("reviewer")[0], body, headers={"Content-Type": "application/json"})
    assert (answer.status, set(answer.json)) == (status, {"error", "remedy", "problems"})


def test_a_sheet_must_be_there_and_open(served: Any, sheet: dict[str, Any], noise: Callable[[int], bytes]) -> None:
    reviewer = served.tokens("reviewer")[0]
    assert served.type(reviewer, {**sheet, "submission": "0" * 32}).status == 404
    text = served.send(served.tokens("observer")[0], noise(500)).json["receipt"]
    served.drain()
    assert served.type(reviewer, {**sheet, "submission": text}).status == 409


def test_numbers_that_no_station_has_are_not_confirmed_by_any_number_of_people(
    served: Any, country: Any, sheet: dict[str, Any]
) -> None:
    drawn = country.sheets[2]
    receipt = served.send(served.tokens("hub")[0], country.scan(2)).json["receipt"]
    served.drain()
    inflated = dict(drawn.counts.lines)
    inflated[next(iter(inflated))] = 999_999
    typed = {**sheet, "submission": receipt, "station": drawn.station, "lines": inflated, "printed": {}}
    for reviewer in served.tokens("reviewer", 3):
        assert served.type(reviewer, typed).status == 201
    served.drain()
    assert standing_of(served, drawn.station) == [(Standing.DOCUMENTED, True)]
    inflated[next(iter(inflated))] = 1_000_000
    assert served.type(served.tokens("reviewer")[0], typed).status == 422


def test_a_copy_of_the_image_is_the_same_sheet(served: Any, country: Any, sheet: dict[str, Any]) -> None:
    receipt = served.send(served.tokens("hub")[0], country.scan(1)).json["receipt"]
    served.drain()
    assert receipt != sheet["submission"]
    reviewer = served.tokens("reviewer")[0]
    numbers = {
        served.type(reviewer, {**sheet, "submission": name}).json["reading"] for name in (receipt, sheet["submission"])
    }
    assert len(numbers) == 1
    served.drain()
