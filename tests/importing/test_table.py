"""What a published table says, and everything that can be wrong with one."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testigo.errors import InputError, Problem
from testigo.importing import parse_table, read_table


def problems(profile: Any, path: Path) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        read_table(profile, path)
    assert caught.value.problems
    assert all(problem.file == str(path) for problem in caught.value.problems)
    assert all(problem.problem in str(caught.value) for problem in caught.value.problems[:3])
    return list(caught.value.problems)


def test_the_first_release_has_bom_crlf_and_electors(profile: Any, first: Any, station: Any) -> None:
    path = first([station(n) for n in range(45)])
    table = read_table(profile, path)
    assert (table.encoding, table.sha256) == ("utf-8-sig", hashlib.sha256(path.read_bytes()).hexdigest())
    assert [row.line for row in table.rows] == list(range(2, 47))
    assert {row.electors for row in table.rows} == {900}
    row = table.rows[3]
    expected = tuple(station(3)[code] for code in profile.contest().candidate_codes)
    assert (row.station, row.candidates, row.valid, row.null) == ("010101002.02", expected, sum(expected), 0)
    assert row.areas == (("01", "EDO. INVENTADO 1"), ("0101", "MP. PEÑA"), ("010101", "PQ. LA CAÑADA 1"))


def test_the_second_release_has_cp1252_and_no_electors(profile: Any, second: Any, station: Any) -> None:
    table = read_table(profile, second([station(n) for n in range(4)]))
    assert (table.encoding, table.rows[0].electors, table.rows[0].areas[1][1]) == ("cp1252", None, "MP. PEÑA")


def test_a_lost_zero_is_put_back_and_noted(profile: Any, first: Any, station: Any) -> None:
    table = read_table(profile, first([station(0), station(1, CENTRO="010101001"), station(25)]))
    assert [row.station for row in table.rows] == ["010101001.01", "010101001.02", "110101003.02"]
    (note,) = table.notes
    assert (note.line, note.field) == (2, "CENTRO")
    assert note.problem.startswith("1 centres")


def test_two_lost_digits_are_not_guessed(profile: Any, first: Any, station: Any) -> None:
    (problem,) = problems(profile, first([station(0, CENTRO="1101001")]))
    assert (problem.line, problem.field) == (2, "CENTRO")
    assert "7 digits" in problem.problem


def test_the_station_that_lost_its_zero_is_the_same_station(profile: Any, first: Any, station: Any) -> None:
    (problem,) = problems(profile, first([station(0), station(5), station(0, CENTRO="010101001", MESA="01")]))
    assert (problem.line, problem.field) == (4, "CENTRO")
    assert "stands in line 2 already" in problem.problem


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("EG", "-1", "negative"),
        ("EG", "doce", "not a number"),
        ("EG", "1.234", "not a number"),
        ("EG", "12.0", "not a number"),
        ("EG", "١٢", "not a number"),
        ("EG", "", "empty"),
        ("EG", "1000000", "more than a polling station can have"),
        ("EG", "9" * 400, "not a number"),
        ("VOTOS_NULOS", "-3", "negative"),
        ("VOTOS_VALIDOS", "1", "sum to"),
        ("RE", "3", "only 3 electors"),
        ("RE", "", "empty"),
        ("CENTRO", "", "empty"),
        ("CENTRO", "1.01E+08", "not a code"),
        ("CENTRO", "0101010011", "10 digits"),
        ("MESA", "100", "not a station's number"),
        ("COD_PAR", "A", "not a code"),
        ("PAR", "", "empty"),
        ("MUN", "MP. OTRA", "'MP. PEÑA' in line 2"),
        ("MUN", "MP. PEÃ‘A", "probably means 'MP. PEÑA'"),
        ("MUN", "MP. PE¥A", "encoding is wrong"),
        ("MUN", "MP. PE\ufffdA", "lost"),
        ("MUN", "MP.\x07PENA", "control character"),
        ("COD_PAR", "7", "lies in"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(
    profile: Any, first: Any, station: Any, column: str, value: str, says: str
) -> None:
    rows = [station(n) for n in range(8)]
    rows[5][column] = value
    found = problems(profile, first(rows))
    assert {problem.line for problem in found} == {7}
    assert any(says in problem.problem for problem in found), found
    assert any(problem.field == ("CENTRO" if "lies in" in says else column) for problem in found)


def test_every_problem_is_reported_and_nothing_is_half_imported(profile: Any, first: Any, station: Any) -> None:
    rows = [station(n) for n in range(30)]
    rows[1]["EG"], rows[2]["NM"], rows[2]["LM"], rows[29]["VOTOS_VALIDOS"] = "-1", "x", "y", "0"
    found = problems(profile, first(rows))
    assert [(p.line, p.field) for p in found] == [(3, "EG"), (4, "NM"), (4, "LM"), (31, "VOTOS_VALIDOS")]


def test_columns_that_are_missing_unknown_or_double(profile: Any, tmp_path: Path, station: Any, to_bytes: Any) -> None:
    path = tmp_path / "odd.csv"
    names = ("COD_EDO", "EDO", "COD_MUN", "MUN", "COD_PAR", "PAR", "MESA", "MESA", "OTRO", "VOTOS_VALIDOS", "EG")
    path.write_bytes(to_bytes([station(0, OTRO=1)], names))
    found = {(p.field, p.problem.split(";")[0]) for p in problems(profile, path) if p.line == 1}
    assert ("CENTRO", "this column is missing") in found
    assert ("NM", "this column is missing") in found
    assert ("MESA", "this column stands twice") in found
    assert ("OTRO", "this column is not known") in found
    assert len(found) == 12  # nine candidates and the centre missing, one double, one unknown


def test_a_missing_column_does_not_hide_a_bad_row(profile: Any, tmp_path: Path, station: Any, to_bytes: Any) -> None:
    path = tmp_path / "odd.csv"
    names = tuple(name for name in station(0) if name not in ("NM", "RE"))
    path.write_bytes(to_bytes([station(0), station(1, EG="x")], names))
    assert [(p.line, p.field) for p in problems(profile, path)] == [(1, "NM"), (3, "EG")]


def test_columns_may_stand_in_any_order_and_optional_ones_may_lack(
    profile: Any, station: Any, to_bytes: Any, columns: Any
) -> None:
    names = tuple(reversed([name for name in columns["first"] if name not in ("RE", "VOTOS_NULOS", "URL")]))
    table = parse_table(profile, profile.published_table, to_bytes([station(0)], names), "x.csv")
    assert (table.rows[0].null, table.rows[0].electors) == (None, None)
    assert table.rows[0].valid == station(0)["VOTOS_VALIDOS"]


def test_lines_with_too_few_or_too_many_cells(profile: Any, second: Any, station: Any) -> None:
    path = second([station(n) for n in range(4)])
    lines = path.read_bytes().split(b"\n")
    lines[2] += b",1"
    lines[3] = lines[3].rsplit(b",", 2)[0]
    path.write_bytes(b"\n".join(lines))
    assert [(p.line, "cells" in p.problem) for p in problems(profile, path)] == [(3, True), (4, True)]


def test_a_quotation_mark_that_is_never_closed_is_found(profile: Any, second: Any, station: Any) -> None:
    path = second([station(n) for n in range(4)])
    path.write_bytes(path.read_bytes().replace(b"EDO. INVENTADO 1", b'"EDO. INVENTADO 1', 1))
    found = problems(profile, path)
    assert any(p.line == 2 and "quot" in p.problem for p in found)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\r\n\r\n"])
def test_an_empty_file(profile: Any, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(data)
    assert problems(profile, path)


def test_a_header_without_rows(profile: Any, first: Any) -> None:
    (problem,) = problems(profile, first([]))
    assert "no rows" in problem.problem


def test_another_separator_is_said_by_missing_columns(profile: Any, first: Any, station: Any) -> None:
    path = first([station(0)])
    path.write_bytes(path.read_bytes().replace(b",", b";"))
    assert any("missing" in problem.problem for problem in problems(profile, path))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_file_in_a_wide_encoding_is_named(
    profile: Any, tmp_path: Path, station: Any, to_bytes: Any, columns: Any, encoding: str
) -> None:
    path = tmp_path / "wide.csv"
    path.write_bytes(to_bytes([station(0)], columns["first"], encoding))
    (problem,) = problems(profile, path)
    assert "UTF-16" in problem.problem


def test_a_file_that_says_utf8_and_is_not_names_the_byte(profile: Any, first: Any, station: Any) -> None:
    path = first([station(n) for n in range(4)])
    path.write_bytes(path.read_bytes().replace("PEÑA".encode(), "PEÑA".encode("cp1252"), 1))
    (problem,) = problems(profile, path)
    assert (problem.line, "0xd1" in problem.problem) == (2, True)


def test_utf8_with_one_foreign_byte_is_not_taken_for_cp1252(
    profile: Any, tmp_path: Path, station: Any, to_bytes: Any, columns: Any
) -> None:
    data = to_bytes([station(n) for n in range(4)], columns["second"], "utf-8", "\n")
    path = tmp_path / "mixed.csv"
    path.write_bytes(data.replace("PEÑA".encode(), "PEÑA".encode("cp1252"), 1))
    found = problems(profile, path)
    assert any("probably means" in problem.problem for problem in found)


def test_links_and_names_are_read_into_nothing(profile: Any, first: Any, station: Any) -> None:
    assert "http" not in repr(read_table(profile, first([station(0)])))


def test_a_profile_without_a_published_table_says_so(profile: Any, first: Any, station: Any) -> None:
    with pytest.raises(InputError, match="published_table"):
        read_table(replace(profile, published_table=None), first([station(0)]))


CELLS = st.one_of(st.text(max_size=6), st.integers(-5, 200_000).map(str), st.sampled_from(["", "-1", '"', "Ã‘", "0"]))


@given(
    changes=st.dictionaries(
        st.tuples(
            st.integers(0, 3), st.sampled_from(["CENTRO", "MESA", "EG", "VOTOS_VALIDOS", "RE", "MUN", "COD_EDO"])
        ),
        CELLS,
        max_size=3,
    ),
    release=st.sampled_from(["first", "second"]),
)
@settings(deadline=None, max_examples=200)
def test_whatever_is_in_the_cells_either_every_number_holds_or_nothing_is_given(
    profile: Any, station: Any, to_bytes: Any, columns: Any, changes: dict[tuple[int, str], str], release: str
) -> None:
    rows = [station(n) for n in range(4)]
    for (number, column), value in changes.items():
        rows[number][column] = value
    data = to_bytes(rows, columns[release], "utf-8" if release == "second" else "utf-8-sig")
    try:
        table = parse_table(profile, profile.published_table, data, "x.csv")
    except InputError as error:
        assert error.problems
        return
    assert len({row.station for row in table.rows}) == len(table.rows)
    for row in table.rows:
        assert sum(row.candidates) == row.valid
        assert row.electors is None or row.valid + (row.null or 0) <= row.electors


@given(st.binary(max_size=400))
@settings(deadline=None, max_examples=200)
def test_no_bytes_at_all_make_it_fall_over(profile: Any, data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        parse_table(profile, profile.published_table, data, "x.csv")
    assert caught.value.problems


@given(st.lists(st.tuples(*[st.integers(0, 80) for _ in range(11)]), min_size=1, max_size=12))
@settings(deadline=None)
def test_every_vote_comes_back(
    profile: Any, station: Any, to_bytes: Any, columns: Any, days: list[tuple[int, ...]]
) -> None:
    codes = profile.contest().candidate_codes
    rows = []
    for number, (null, *votes) in enumerate(days):
        given_votes = dict(zip(codes, votes, strict=True))
        rows.append(station(number, VOTOS_NULOS=null, VOTOS_VALIDOS=sum(votes), **given_votes))
    for release, encoding in (("first", "utf-8-sig"), ("second", "cp1252")):
        table = parse_table(profile, profile.published_table, to_bytes(rows, columns[release], encoding), "x.csv")
        assert [(row.null, *row.candidates) for row in table.rows] == days
