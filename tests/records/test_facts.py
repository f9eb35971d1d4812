"""Facts of a sheet: nothing but the closed list can travel in a leaf, and older leaves keep their bytes."""

from __future__ import annotations

import pytest

from testigo.errors import InputError
from testigo.records import Counts, PublicReading, canonical, fact_problem, parse_leaf

FULL = {
    "uuid": "8017da9c-0000-4000-8000-1234567890ab",
    "printed_at": "2024-07-28T19:03:30",
    "mac": "present",
    "signature.president": "filled",
    "signature.observer_b": "empty",
}


def a_reading(**more: object) -> PublicReading:
    return PublicReading("presidente", "040202001.01", "print/x", "1", ("print",), Counts({"A": 1}), **more)  # type: ignore[arg-type]


def test_the_whole_list_is_accepted() -> None:
    assert fact_problem(FULL) == ""
    assert fact_problem({}) == ""


@pytest.mark.parametrize(
    "facts",
    [
        {"president": "filled"},
        {"signature.president": "Maria Perez"},
        {"signature.Maria Perez": "filled"},
        {"signature.president": "filled\n"},
        {"uuid": "8017DA9C-0000-4000-8000-1234567890AB"},
        {"uuid": "V-1234"},
        {"printed_at": "28/07/2024 07:03:30 PM"},
        {"mac": "0" * 64},
        {"note": "x"},
        {"mac": True},
        {f"signature.a{n}": "filled" for n in range(41)},
    ],
)
def test_a_name_a_number_or_a_note_cannot_travel_as_a_fact(facts: dict[str, str]) -> None:
    assert fact_problem(facts) != ""


def test_an_empty_field_is_left_out_and_an_older_leaf_keeps_its_bytes() -> None:
    plain = a_reading()
    assert not {"facts", "symbols"} & plain.as_json().keys()
    assert parse_leaf(plain.to_bytes()) == plain
    full = a_reading(facts=FULL, symbols="..c.e")
    assert full.as_json()["facts"] == FULL
    assert parse_leaf(full.to_bytes()) == full


def test_a_leaf_has_one_spelling() -> None:
    for name, empty in (("facts", {}), ("symbols", "")):
        with pytest.raises(InputError):
            parse_leaf(canonical({**a_reading().as_json(), name: empty}))
    with pytest.raises(InputError):
        parse_leaf(canonical({**a_reading().as_json(), "remark": "x"}))
