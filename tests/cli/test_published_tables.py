"""Published tables by the command: imported to the last vote or refused with every problem; then counted and shown."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testigo.records import Standing

EG = sum(10 + number for number in range(6))
VALID = EG + 6 * (5 + 8)


def votes(answer: dict[str, Any]) -> dict[str, int]:
    return {candidate["code"]: candidate["votes"] for candidate in answer["candidates"]}


@pytest.mark.parametrize("kind", ["V1", "V2"])
def test_either_release_is_imported_and_counted_to_the_last_vote(
    kind: str, testigo: Callable[..., Any], table: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "B"
    ran = testigo("import", table(kind), "--profile", "ve2024", "--out", out, "--json")
    assert ran.status == 0, ran.err
    assert ran.answer["stations"] == 6
    assert ran.answer["notes"][0]["field"] == "CENTRO"  # six centres had lost their zero
    answer = testigo("tally", out, "--json").answer
    assert votes(answer) | {"EG": EG, "NM": 30, "LM": 6} == votes(answer)
    assert (answer["valid"], answer["null"], answer["blank"]) == (VALID, 12, None)
    assert answer["stations"]["registered"] == 30_026
    assert answer["stations"]["by_standing"][Standing.IMPORTED] == answer["stations"]["with_tally"] == 6
    assert answer["electors"]["known"] == (sum(range(100, 106)) if kind == "V1" else 0)
    assert [area["code"] for area in answer["areas"]][:2] == ["01", "0101"]
    assert answer["rehearsal"] is False


def test_every_problem_is_named_by_file_line_and_field_and_nothing_is_written(
    testigo: Callable[..., Any], table: Callable[..., Path], row: Callable[[int], dict[str, Any]], tmp_path: Path
) -> None:
    rows = [row(number) for number in range(6)]
    rows[0] |= {"EG": -4}
    rows[1] |= {"NM": "many"}
    rows[2] |= {"VOTOS_VALIDOS": 1}
    rows[3] |= {"CENTRO": 1}
    rows[5] = rows[4]
    path = table("V2", rows)
    ran = testigo("import", path, "--profile", "ve2024", "--out", tmp_path / "B", "--json")
    assert ran.status == 2
    assert all(set(problem) == {"file", "line", "field", "problem"} for problem in ran.answer)
    assert {problem["file"] for problem in ran.answer} == {str(path)}
    places = [(problem["line"], problem["field"]) for problem in ran.answer]
    assert places == [(2, "EG"), (3, "NM"), (4, "VOTOS_VALIDOS"), (5, "CENTRO"), (7, "CENTRO")]
    assert list(tmp_path.iterdir()) == []
    spoken = testigo("import", path, "--profile", "ve2024", "--out", tmp_path / "B")
    assert (spoken.status, spoken.out) == (2, "")
    assert spoken.err.count(f"{path}, line ") >= 5


def test_a_table_in_another_encoding_or_without_a_column_is_refused(
    testigo: Callable[..., Any], table: Callable[..., Path], tmp_path: Path
) -> None:
    good = table("V2").read_bytes()
    broken = tmp_path / "twice-encoded.csv"
    broken.write_bytes(good.decode("cp1252").encode("utf-8").decode("cp1252").encode("utf-8"))
    lacking = tmp_path / "lacking.csv"
    lacking.write_bytes(good.replace(b",NM,", b",XX,"))
    for path, field in ((broken, "MUN"), (lacking, "NM")):
        ran = testigo("import", path, "--profile", "ve2024", "--out", tmp_path / "B", "--json")
        assert ran.status == 2
        assert field in {problem["field"] for problem in ran.answer}
    assert not (tmp_path / "B").exists()


def test_the_private_key_is_named_and_lies_beside_the_bundle(imported: dict[str, Any]) -> None:
    key_file, bundle = Path(imported["key_file"]), Path(imported["out"])
    assert key_file.is_file()
    assert bundle not in key_file.parents


def test_an_import_repeated_says_so_and_changes_nothing(
    testigo: Callable[..., Any], table: Callable[..., Path], imported: dict[str, Any]
) -> None:
    manifest = (Path(imported["out"]) / "manifest.json").read_bytes()
    ran = testigo("import", table("V2"), "--profile", "ve2024", "--out", imported["out"], "--json")
    assert (ran.status, ran.answer["again"]) == (0, True)
    assert (Path(imported["out"]) / "manifest.json").read_bytes() == manifest


def test_verify_answers_yes_no_and_bad_input_by_its_status(
    testigo: Callable[..., Any], imported: dict[str, Any], tmp_path: Path
) -> None:
    sound = testigo("verify", imported["out"], "--key", imported["key"], "--json")
    assert (sound.status, sound.answer["verdict"], sound.answer["problems"]) == (0, "pass", [])
    assert sound.answer["pinned"] is True
    altered = Path(shutil.copytree(imported["out"], tmp_path / "altered"))
    path = altered / "tallies.csv"
    path.write_bytes(path.read_bytes().replace(b",10,", b",90,", 1))
    bad = testigo("verify", altered, "--key", imported["key"], "--json")
    assert (bad.status, bad.answer["verdict"]) == (1, "fail")
    assert "tallies.csv" in {problem["where"].split(",")[0] for problem in bad.answer["problems"]}
    said = testigo("verify", altered, TESTIGO_LANG="es")
    assert said.status == 1
    assert "NO pasa la verificación" in said.out.splitlines()[-1]
    assert testigo("verify", tmp_path / "nothing").status == 2
    assert testigo("verify", imported["out"], "--key", "no key").status == 2


def test_another_logs_key_does_not_pass(testigo: Callable[..., Any], imported: dict[str, Any], tmp_path: Path) -> None:
    other = "import.ve2024.24ec057c3009e459+e036775b+AUZceqNCSFCxhNMB/JlDsBkMeX7x1apsdt6Kj0aYvJN6"
    (tmp_path / "log.vkey").write_text(other + "\n")
    assert testigo("verify", imported["out"], "--key", other).status == 1
    assert testigo("verify", imported["out"], "--key", tmp_path / "log.vkey").status == 1


def test_a_site_is_published_and_published_again_without_work(
    testigo: Callable[..., Any], imported: dict[str, Any], tmp_path: Path
) -> None:
    first = testigo("publish", imported["out"], "--out", tmp_path / "S", "--json")
    assert first.status == 0, first.err
    assert first.answer["written"] >= first.answer["pages"] > 6
    assert (tmp_path / "S" / "index.html").is_file()
    again = testigo("publish", imported["out"], "--out", tmp_path / "S", "--json").answer
    assert (again["written"], again["removed"]) == (0, 0)
    assert again["unchanged"] == first.answer["written"]


def test_a_register_counts_the_stations_that_no_file_names(
    testigo: Callable[..., Any], table: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "register.csv"
    answer = testigo("register", table("V1"), table("V2"), "--profile", "ve2024", "--out", out, "--json").answer
    assert answer == {
        "out": str(out), "stations": 30_026, "named": 6, "electors": 21_392_464, "electors_unknown": 0,
    }  # fmt: skip
    assert '"010101001.01"' in out.read_text(encoding="utf-8")  # with its leading zero
    assert testigo("register", table("V1"), "--profile", "ve2024", "--out", tmp_path / "r.xlsx").status == 2


def test_the_tally_says_whether_what_is_missing_could_change_the_winner(
    testigo: Callable[..., Any], table: Callable[..., Path], imported: dict[str, Any], tmp_path: Path
) -> None:
    unknown = testigo("tally", imported["out"]).out
    assert "a register is needed" in unknown and "Worst-case margin" not in unknown
    register = tmp_path / "register.parquet"
    testigo("register", table("V1"), "--profile", "ve2024", "--out", register)
    words = ("tally", imported["out"], "--register", register)
    told, said, answer = testigo(*words), testigo(*words, TESTIGO_LANG="es"), testigo(*words, "--json").answer
    margin = answer["certainty"]["worst_case_margin"]
    assert margin == EG - 30 - (21_392_464 - sum(range(100, 106)))
    for line in (
        f"{margin:,}  Worst-case margin",
        f"{answer['certainty']['capped'][0]['margin']:,}  Margin if at most 60 %",
        f"{margin:,}  Worst-case margin if one accepts only the counted stations that nobody disputes (6)",
        "No station is disputed or waits for confirmation.",
        "—  No sheet was confirmed here by two readings.",
    ):
        assert line in told.out
    assert f"{margin:,}".replace(",", ".") + "  Margen en el peor caso" in said.out


PUBLISHED = Path(__file__).resolve().parents[3] / "shared" / "data" / "ve2024"


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the tables published in 2024 are not in ../shared/data/ve2024")
@pytest.mark.parametrize(
    ("release", "stations", "expected", "valid", "null"),
    [
        ("V1", 24_532, {"EG": 7_156_462, "NM": 3_241_461}, 10_659_128, 1_139),
        ("V2", 25_073, {"EG": 7_303_480, "NM": 3_316_142}, 10_887_262, 1_213),
    ],
)
def test_the_tables_of_2024_give_the_published_totals(
    release: str, stations: int, expected: dict[str, int], valid: int, null: int,
    testigo: Callable[..., Any], tmp_path: Path,
) -> None:  # fmt: skip
    path = PUBLISHED / f"RESULTADOS_2024_CSV_{release}.csv"
    ran = testigo("import", path, "--profile", "ve2024", "--out", tmp_path / "B", "--json")
    assert (ran.status, ran.answer["stations"]) == (0, stations), ran.err
    answer = testigo("tally", tmp_path / "B", "--json").answer
    counted = votes(answer)
    assert {code: counted[code] for code in expected} == expected
    assert (answer["valid"], answer["null"], answer["stations"]["with_tally"]) == (valid, null, stations)
    if release == "V1":
        assert sum(counted.values()) - sum(expected.values()) == 261_205
        assert answer["electors"]["known"] == 17_745_239
