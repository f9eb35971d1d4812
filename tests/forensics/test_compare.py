"""Two publications station by station, whatever their makers did to codes, letters, columns and rows."""

from __future__ import annotations

import io
import json
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from testigo.cli import main
from testigo.election import load_profile
from testigo.errors import InputError
from testigo.forensics.compare import (
    Comparison,
    Mapping,
    Side,
    compare,
    comparison_finding,
    comparison_json,
    layout_of,
    parse_side,
    read_mapping,
    side_of_bundle,
)

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ve2024"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the tables published in 2024 are not in ../shared/data/ve2024"
)
PROFILE = load_profile("ve2024")
CONTEST = PROFILE.contest()
CODES = CONTEST.candidate_codes
Row = tuple[str, str, Sequence[int]]

ROWS: list[Row] = [
    ("010101001", "01", [323, 114, 3, 1, 0, 1, 1, 2, 0, 4]),
    ("010101001", "10", [10, 20, 0, 0, 0, 0, 0, 0, 0, 1]),
    ("220101001", "01", [5, 9, 0, 0, 0, 0, 0, 0, 0, 0]),
]


def table(rows: Sequence[Row] = ROWS, *, sep: str = ",", names: Sequence[str] = ("CENTRO", "MESA", *CODES)) -> str:
    lines = [sep.join(names)]
    lines += [sep.join([centre, number, *map(str, votes)]) for centre, number, votes in rows]
    return "\n".join(lines) + "\n"


def side(text: str | bytes, mapping: Mapping | None = None, name: str = "t.csv") -> Side:
    data = text.encode() if isinstance(text, str) else text
    return parse_side(data, name, mapping, PROFILE, CONTEST)


def against(text: str | bytes, mapping: Mapping | None = None) -> Comparison:
    return compare(side(table()), side(text, mapping), PROFILE)


def mapped(path: Path, text: str) -> Mapping:
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return read_mapping(path)


# ------------------------------------------------------------ the same stations


@pytest.mark.parametrize(
    "text",
    [
        table([("10101001", "1", ROWS[0][2]), ("10101001", "10", ROWS[1][2]), ("220101001", "1", ROWS[2][2])]),
        table([("10101001.0", "1.0", ROWS[0][2]), (" 10101001", "10.0", ROWS[1][2]), ("220101001", "001", ROWS[2][2])]),
        table(list(reversed(ROWS)), sep=";"),
        table(sep="\t"),
        table(names=("Código Centro", "N° Mesa", *(c.name for c in CONTEST.candidates))).replace("N°", "Nro"),
        table(names=("cod_centro", "mesa", *(c.short.upper() for c in CONTEST.candidates))),
        table().replace("323", " 323.0 "),
        table() + ",".join(["010101009", "01", *[""] * 10]) + "\n",  # a station that was not counted
        table() + table([ROWS[0]]).split("\n")[1] + "\n",  # the same row twice
        table().replace("\n", "\r\n"),
    ],
    ids=["zeros lost", "floats and spaces", "order, semicolon", "tabs", "accents", "short names", "votes as floats",
         "an empty row", "a row twice", "CRLF"],
)  # fmt: skip
def test_other_spellings_are_the_same_stations(text: str) -> None:
    comparison = against(text)
    assert comparison.identical, comparison_json(comparison)
    assert comparison.same == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_usual_encoding(encoding: str) -> None:
    text = table(names=("CENTRO", "MESA", *(c.name for c in CONTEST.candidates)))
    assert "é" in text
    assert against(text.encode(encoding)).identical


def test_parquet_with_numbers() -> None:
    columns: dict[str, list[int]] = {"CENTRO": [int(r[0]) for r in ROWS], "MESA": [int(r[1]) for r in ROWS]}
    columns |= {code: [r[2][i] for r in ROWS] for i, code in enumerate(CODES)}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    assert against(sink.getvalue()).identical


@pytest.mark.parametrize(
    "codes",
    [
        ("010101001.01", "010101001.10", "220101001.01"),
        ("010101001-1", "010101001-10", "220101001-1"),
        ("010101001.01.1.0001", "010101001.10.1.0001", "220101001.01.1.0001"),  # sheet codes
        ("10101001.01", "10101001.1", "220101001.01"),  # a spreadsheet made numbers of them: .1 was .10
    ],
)
def test_codes_in_one_column(codes: tuple[str, ...]) -> None:
    lines = [",".join(["Código de mesa", *CODES])]
    lines += [",".join([code, *map(str, row[2])]) for code, row in zip(codes, ROWS, strict=True)]
    text = "\n".join(lines).replace("Código de mesa", "cod_mesa")
    comparison = against(text)
    assert comparison.identical, comparison_json(comparison)


def test_stations_ten_and_one_are_not_mixed_up_where_no_zeros_are_written() -> None:
    rows = [f"10101001.1,{','.join(map(str, ROWS[0][2]))}", f"10101001.10,{','.join(map(str, ROWS[1][2]))}"]
    comparison = against("\n".join([",".join(["station", *CODES]), *rows]))
    assert (comparison.same, comparison.only_a) == (2, ["220101001.01"])


def test_codes_that_are_no_numbers_join_as_text() -> None:
    one = Mapping({"A": ("votes",)}, centre="place", number="box")
    a = parse_side(b"place,box,votes\nSchool 7,a,5\n007,1,6\n", "a", one)
    b = parse_side(b"place,box,votes\nSCHOOL 7, A ,5\n7,01,6\n", "b", one)
    comparison = compare(a, b)
    assert (comparison.same, comparison.identical) == (2, True)


# ----------------------------------------------------------------- differences


def test_one_vote_is_seen_and_its_effect() -> None:
    changed = [ROWS[0], ("010101001", "10", [9, 21, 0, 0, 0, 0, 0, 0, 0, 1]), ("010101002", "01", [0] * 10)]
    answer = comparison_json(against(table(changed)))
    assert (answer["same"], answer["only_a"], answer["only_b"]) == (1, ["220101001.01"], ["010101002.01"])
    (different,) = answer["different"]
    assert different["station"] == "010101001.10"
    assert (different["a"]["EG"], different["b"]["EG"], different["a"]["NM"], different["b"]["NM"]) == (10, 9, 20, 21)
    assert answer["winner_changes"] is False
    assert (answer["effect"]["different"]["EG"], answer["effect"]["only_a"]["EG"]) == (-1, -5)
    for code in CODES:
        parts = sum(answer["effect"][kind][code] for kind in ("only_a", "only_b", "different"))
        assert parts == answer["totals"]["b"][code] - answer["totals"]["a"][code]


def test_a_winner_that_changes_is_said() -> None:
    comparison = against(table([("010101001", "01", [1, 114, 3, 1, 0, 1, 1, 2, 0, 4]), *ROWS[1:]]))
    assert (comparison.first_a, comparison.first_b, comparison.winner_changes) == (("EG",), ("NM",), True)
    assert "changes" in comparison_finding(comparison).statement["en"]
    assert comparison_finding(comparison).stations == ("010101001.01",)


def test_a_tie_is_another_first_place() -> None:
    tied = against(table([("010101001", "01", [338 - 15, 143 + 195 - 29, *ROWS[0][2][2:]]), *ROWS[1:]]))
    assert (tied.first_b, tied.winner_changes) == (("EG", "NM"), True)


def test_null_votes_are_compared_only_where_both_have_them() -> None:
    def with_null(null: int) -> str:
        lines = table().strip().split("\n")
        return "\n".join([lines[0] + ",VOTOS_NULOS", *(f"{line},{null}" for line in lines[1:])])

    assert against(with_null(7)).identical  # the other side has no such column
    both = compare(side(with_null(7)), side(with_null(8)), PROFILE)
    assert both.same == 0
    assert (both.different[0].a["null"], both.different[0].b["null"]) == (7, 8)


# ------------------------------------------------------------- unknown layouts


def test_a_mapping_file_covers_an_unknown_layout(tmp_path: Path) -> None:
    mapping = mapped(
        tmp_path / "map.toml",
        """
        encoding = "latin-1"
        separator = "|"
        station = "clave"
        pattern = 'V(?P<number>[0-9]+)@(?P<centre>[0-9]+)'
        others = "resto"
        [candidates]
        EG = ["unt", "mud"]
        NM = "psuv"
        """,
    )
    lines = ["clave|unt|mud|psuv|resto|comentario"]
    lines += [f"V{r[1]}@{r[0]}|{r[2][0] - 1}|1|{r[2][1]}|{sum(r[2][2:])}|año" for r in ROWS]
    comparison = against("\n".join(lines).encode("latin-1"), mapping)
    assert comparison.candidates == ("EG", "NM", "others")
    assert comparison.identical
    lines[1] = lines[1].replace("|12|", "|13|")
    assert against("\n".join(lines).encode("latin-1"), mapping).different[0].b["others"] == 13


def test_votes_per_party_are_summed_to_their_candidate() -> None:
    lines = CONTEST.lines
    rows = []
    for centre, number, votes in ROWS:
        left = dict(zip(CODES, votes, strict=True))
        cells = []
        for line in lines:
            cells.append(left[line.candidate])
            left[line.candidate] = 0
        rows.append((centre, number, cells))
    assert against(table(rows, names=("CENTRO", "MESA", *(line.label for line in lines)))).identical


def test_candidates_that_one_side_lacks_are_named_not_hidden(tmp_path: Path) -> None:
    mapping = mapped(tmp_path / "m.toml", 'centre = "CENTRO"\nnumber = "MESA"\n[candidates]\nEG = "EG"\nNM = "NM"')
    comparison = against(table(), mapping)
    assert comparison.identical
    assert comparison.candidates == ("EG", "NM")
    assert set(comparison_json(comparison)["not_compared"]) == set(CODES) - {"EG", "NM"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("centre = 'a'", "candidates"),
        ("centre = 'a'\nnumber = 'b'\nmesa = 'c'\n[candidates]\nA = 'x'", "mesa"),
        ("station = 'a'\npattern = '('\n[candidates]\nA = 'x'", "pattern"),
        ("station = 'a'\npattern = '([0-9]+)'\n[candidates]\nA = 'x'", "pattern"),
        ("centre = 3\nnumber = 'b'\n[candidates]\nA = 'x'", "centre"),
        ("[candidates]\nA = 'x'", "station"),
        ("centre = 'a'\nnumber = 'b'\n[candidates]\nA = []", "candidates"),
        ("= 3", ""),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        mapped(tmp_path / "m.toml", text)
    assert said in {problem.field for problem in caught.value.problems} or not said


# -------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (table().replace("323", "-323"), 2, "EG"),
        (table().replace("323", "3e2"), 2, "EG"),
        (table().replace("323", "323.5"), 2, "EG"),
        (table().replace("323", "99999999999999999999"), 2, "EG"),
        (table().replace("323", ""), 2, ""),
        (table() + table([("10101001", "1", [1] * 10)]).split("\n")[1] + "\n", 5, ""),
        (table().replace("MESA", "EG"), 1, "EG"),
        (table().replace(",BERA", ""), 2, ""),
        (table().replace("BERA", "RAUSEO"), 1, "BERA"),
        (table().replace("010101001,01", ",01"), 2, "CENTRO"),
    ],
)
def test_every_problem_names_its_line_and_its_column(text: str, line: int, column: str) -> None:
    with pytest.raises(InputError) as caught:
        side(text)
    assert (line, column) in {(problem.line, problem.field) for problem in caught.value.problems}


@pytest.mark.parametrize("data", [b"", b"\n", b"PAR1 no", b"CENTRO,MESA\n", b"\xff\xfe", b"\x00\x01"])
def test_what_is_no_table_is_said_in_one_sentence(data: bytes) -> None:
    with pytest.raises(InputError):
        side(data)


def test_a_column_of_numbers_that_nobody_named_is_never_votes() -> None:
    with pytest.raises(InputError, match="mapping"):
        layout_of(["CENTRO", "MESA", "A", "B"], PROFILE, CONTEST, "t.csv")
    with pytest.raises(InputError, match="profile"):
        parse_side(b"CENTRO,MESA,EG\n1,1,1\n", "t.csv")


def test_two_elections_have_nothing_in_common() -> None:
    one = Mapping({"A": ("v",)}, centre="c", number="n")
    other = Mapping({"B": ("v",)}, centre="c", number="n")
    with pytest.raises(InputError, match="no candidate in common"):
        compare(parse_side(b"c,n,v\n1,1,1\n", "a", one), parse_side(b"c,n,v\n1,1,1\n", "b", other))


def test_a_row_that_does_not_sum_is_compared_and_noted() -> None:
    lines = table().strip().split("\n")
    text = "\n".join([lines[0] + ",VOTOS_VALIDOS", *(f"{line},449" for line in lines[1:])])
    comparison = against(text)
    assert comparison.identical
    assert "2 rows" in comparison.b.notes[0].problem


# --------------------------------------------------------------------- command


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("TESTIGO_LANG", "en")

    def command(*words: object) -> tuple[int, str]:
        status = main(["compare", *map(str, words)])
        return status, capsys.readouterr().out

    return command


def test_the_exit_status_says_same_different_or_unreadable(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    a, b, profile = tmp_path / "a.csv", tmp_path / "b.csv", ("--profile", "ve2024")
    a.write_text(table())
    b.write_text(table(list(reversed(ROWS))))
    assert run(a, b, *profile)[0] == 0
    b.write_text(table(ROWS[1:]))
    status, out = run(a, b, *profile)
    assert status == 1
    assert "only in A: 010101001.01" in out
    answer = json.loads(run(a, b, *profile, "--json")[1])
    assert (answer["same"], answer["different"], answer["only_a"], answer["only_b"], answer["winner_changes"]) == (
        2, [], ["010101001.01"], [], True,
    )  # fmt: skip
    assert run(a, b)[0] == 2
    assert run(a, tmp_path / "none.csv", *profile)[0] == 2


@needs_data
def test_the_two_releases_of_2024(run: Callable[..., tuple[int, str]]) -> None:
    first, second = (DATA / f"RESULTADOS_2024_CSV_V{n}.csv" for n in (1, 2))
    status, out = run(first, second, "--profile", "ve2024", "--json")
    answer = json.loads(out)
    assert status == 1
    assert (answer["same"], answer["different"]) == (24530, [])
    assert answer["only_a"] == ["210510003.01", "210510003.03"]
    assert (len(answer["only_b"]), answer["winner_changes"]) == (543, False)
    assert (answer["totals"]["a"]["EG"], answer["totals"]["b"]["EG"]) == (7156462, 7303480)


def test_a_bundle_against_the_table_that_it_was_made_of(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    from testigo.bundle import open_bundle  # the command's own imports are what is tested here

    names = (
        "CENTRO",
        "MESA",
        "COD_EDO",
        "EDO",
        "COD_MUN",
        "MUN",
        "COD_PAR",
        "PAR",
        "VOTOS_VALIDOS",
        "VOTOS_NULOS",
        "URL",
    )
    lines = [",".join([*names, *CODES])]
    for centre, number, votes in ROWS:
        state = int(centre[:2])
        cells = [centre.lstrip("0"), number, state, f"E{state}", 1, f"M{state}", 1, f"P{state}", sum(votes), 2, "x"]
        lines.append(",".join(map(str, [*cells, *votes])))
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    assert main(["import", str(path), "--profile", "ve2024", "--out", str(tmp_path / "B")]) == 0
    assert run(path, tmp_path / "B")[0] == 0
    bundle = open_bundle(tmp_path / "B")
    counted = side_of_bundle(bundle, bundle.profile.contest())
    assert len(counted) == 3
    path.write_text(path.read_text().replace(",323,", ",322,"))
    status, out = run(tmp_path / "B", path)
    assert status == 1
    assert "010101001.01  EG 323 → 322" in out


# ----------------------------------------------------------------------- speed


def test_25_000_stations_against_25_000_take_less_than_two_seconds() -> None:
    generator = np.random.default_rng(5)
    votes = generator.integers(0, 400, (25_000, len(CODES))).tolist()
    rows: list[Row] = [(f"{100_000_000 + i // 2}", str(i % 2 + 1), row) for i, row in enumerate(votes)]
    text = table(rows).encode()
    rows[7] = (rows[7][0], rows[7][1], [0] * len(CODES))
    other = table(list(reversed(rows)), sep=";").encode()
    side(table())  # what is loaded once
    start = time.process_time()
    answer = comparison_json(compare(side(text), side(other), PROFILE))
    assert time.process_time() - start < 2
    assert (answer["same"], len(answer["different"])) == (24_999, 1)
