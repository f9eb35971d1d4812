"""Profiles: what ships loads, what is wrong is named by file, key and remedy."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testigo.election import Profile, load_profile, parse_profile
from testigo.errors import InputError

Spoiled = Callable[[str, str], Profile]


def test_the_sheet_of_2024_has_38_lines_of_ten_candidates_in_printed_order(ve: Profile) -> None:
    contest = ve.contest()
    assert len(contest.line_codes) == 38
    assert len(contest.candidate_codes) == 10
    assert contest.line_codes[:3] == ("PSUV", "PCV", "TUPAMARO")
    assert contest.line_codes[-3:] == ("MUD", "CENTRADOS", "CONDE")
    assert (ve.national.stations, ve.national.electors) == (30026, 21392464)


def test_the_second_country_is_only_a_folder(altamar: Profile) -> None:
    assert [level.code for level in altamar.levels] == ["isla", "distrito"]
    assert [contest.code for contest in altamar.contests] == ["presidencia", "asamblea"]
    assert all(contest.qr is None for contest in altamar.contests)
    assert altamar.published_table is None
    assert ("qr_confirmed_by_print",) not in altamar.acceptance


def test_no_code_names_a_country_or_an_election() -> None:
    """A profile is data: nothing under src may ask which election it is."""
    source = Path(__file__).parents[2] / "src" / "testigo"
    asking = re.compile(r"""(==|!=|\bin\b|match)\s*[("']*\s*["'](ve2024|altamar2031|VE|XA)["']""")
    guilty = [str(path) for path in source.rglob("*.py") if asking.search(path.read_text())]
    assert guilty == []


def test_several_contests_must_be_named(altamar: Profile) -> None:
    with pytest.raises(InputError, match="--contest") as caught:
        altamar.contest()
    assert "presidencia, asamblea" in str(caught.value)
    with pytest.raises(InputError, match="alcaldía"):
        altamar.contest("alcaldía")


def test_a_profile_travels_between_processes(ve: Profile, altamar: Profile) -> None:
    for profile in (ve, altamar):
        assert pickle.loads(pickle.dumps(profile)) == profile  # noqa: S301  (our own bytes)


def test_an_unknown_profile_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        load_profile("atlantis")
    assert "altamar2031, ve2024" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "key", "remedy"),
    [
        ("format = 1", "format = 2", "format", "format 1"),
        ('code = "ve2024"', "", "code", "missing"),
        ('code = "ve2024"', 'code = "ve 2024"', "code", "letters"),
        ('date = "2024-07-28"', 'date = "28/07/2024"', "date", "2024-07-28"),
        ('languages = ["es", "en"]', 'languages = ["es", "en", "pt"]', "locale", "every language"),
        ('languages = ["es", "en"]', 'languages = ["es", "en", "pt"]', "words.station.pt", "missing"),
        ('languages = ["es", "en"]', "languages = []", "languages", "at least one"),
        ("stations = 30026", "stations = 0", "national.stations", "1 or more"),
        ("stations = 30026", 'stations = "30026"', "national.stations", "whole number"),
        ("(?P<number>[0-9]{2})", "([0-9]{2})", "station.pattern", "(?P<number>"),
        ("(?P<centre>[0-9]{9})", "(?P<centre>[0-9]{9}", "station.pattern", "regular expression"),
        ('template = "{centre}.{number}"', 'template = "{centre}"', "station.template", "{number}"),
        ('template = "{centre}.{number}"', 'template = "{center}.{number}"', "station.template", "centre"),
        ('"{station}.1.{sequence:04d}"', '"{sequence:04d}"', "contests[0].sheet_code_template", "{station}"),
        ('code = "parroquia"', 'code = "estado"', "levels", "used twice"),
        ('code = "parroquia"', 'code = "electors"', "levels", "taken"),
        ('"two_people_agree"', '"one_person_agrees"', "acceptance.confirmed", "two_people_agree"),
        ('confirmed = [["qr_confirmed_by_print"], ["two_people_agree"], ["adjudicated"]]', "confirmed = [[]]",
         "acceptance.confirmed", "lists of policies"),
        ('unique_image = "flag"', "", "rules.unique_image", "missing"),
        ('unique_image = "flag"', 'unique_image = "ignore"', "rules.unique_image", "block or flag"),
        ('unique_image = "flag"', 'uniqe_image = "flag"', "rules.uniqe_image", "spelling"),
        ('"CENTRADOS",\n', "", "contests[0].line_order", "CENTRADOS"),
        ('"CENTRADOS",\n', '"CENTRADOS", "CENTRADOS",\n', "contests[0].line_order", "exactly once"),
        ('"voters_machine", "voters_book"', '"voters_machin", "voters_book"', "contests[0].printed", "voters_machine"),
        ('level = "Q"', 'level = "X"', "contests[0].qr.level", "L, M, Q or H"),
        ('separator = "!"', 'separator = "!!"', "contests[0].qr.separator", "one character"),
        ('alphabet = "0123456789,.!"', 'alphabet = "0123456789,.!TESIGO-MULACR:"', "contests[0].qr.alphabet", "mark"),
        ('fields = ["sheet_code", "lines",', 'fields = ["sheet_code",', "contests[0].qr.fields", "lines or candidates"),
        ("height = 468", "height = 400", "contests[0].layout.blocks", "468"),
        ('kind = "summary"', 'kind = "sumary"', "contests[0].layout.blocks[4].kind", "summary"),
        ('style = "tape"', 'style = "stone"', "contests[0].printing.style", "tape"),
        ('"Cero", "Uno"', '"Cero", "Cero"', "contests[0].printing.digit_words", "ten different"),
        ('figure = "votes"', 'figure = "voces"', "contests[0].printing.summary[0].figure", "votes"),
        ('colour = "#0072B2"', 'colour = "blue"', "contests[0].candidates[0].colour", "#RRGGBB"),
        ('{ code = "MPV" }', '{ code = "MUD" }', "contests[0].candidates.lines", "used twice"),
        ('level = "estado", code = "COD_EDO"', 'level = "staat", code = "COD_EDO"', "published_table.areas", "estado"),
        ("votes = { NM = 5150092", "votes = { NN = 5150092", "bulletins[0].votes", "NN"),
        ("votes = { NM = 5150092", "votes = { NM = -1", "bulletins[0].votes.NM", "0 or more"),
        ("at = [1, 5]", "at = [3, 9]", "tiles.01.at", "23"),
        ("phone_photos = false", 'phone_photos = "no"', "published.phone_photos", "true or false"),
        ("[published]", "[publisht]", "publisht", "spelling"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_key_and_remedy(
    spoiled: Spoiled, old: str, new: str, key: str, remedy: str
) -> None:
    with pytest.raises(InputError) as caught:
        spoiled(old, new)
    problems = {problem.field: problem for problem in caught.value.problems}
    assert key in problems, sorted(problems)
    assert problems[key].file == "spoiled/profile.toml"
    assert any(remedy in p.problem for p in caught.value.problems if p.field == key)
    assert "spoiled/profile.toml" in str(caught.value)


def test_all_problems_are_listed_and_not_the_first_one(ve: Profile) -> None:
    text = ve.source.decode().replace('level = "Q"', 'level = "X"').replace('date = "2024-07-28"', "date = 7")
    with pytest.raises(InputError) as caught:
        parse_profile(text.encode(), "p.toml")
    assert {"contests[0].qr.level", "date"} <= {problem.field for problem in caught.value.problems}


@pytest.mark.parametrize("data", [b"\xff\xfe", b"format = ", b"[a]\n[a]\n", b"x = " + b"[" * 5000])
def test_what_is_not_toml_is_said_in_one_sentence(data: bytes) -> None:
    with pytest.raises(InputError, match="not a TOML file"):
        parse_profile(data)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_profile_loads_or_is_refused_but_never_breaks(data: st.DataObject) -> None:
    profile = load_profile(data.draw(st.sampled_from(["ve2024", "altamar2031"])))
    lines = profile.source.decode().splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key = lines[at].split("=")[0]
        value = data.draw(
            st.sampled_from(["1", "-1", '""', "[]", "{}", "true", "1.5", "[1]", "[[]]", '["a"]', "{ a = 1 }"])
        )
        lines[at] = data.draw(st.sampled_from(["", lines[at], f"{key}= {value}", f"{lines[at]}\n{lines[at]}", "[x]"]))
    try:
        parse_profile("\n".join(lines).encode())
    except InputError as error:
        assert str(error)
