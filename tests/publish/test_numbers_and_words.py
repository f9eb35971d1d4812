"""Numbers as a locale writes them, and texts that exist in both languages."""

from __future__ import annotations

import datetime as dt
import re
from importlib.resources import files
from string import Formatter
from typing import Any

import pytest

from testigo.publish import paths
from testigo.publish.numbers import NBSP, Locale, per_mille
from testigo.publish.words import SPOKEN, raw_texts

TEMPLATES = [entry for entry in files("testigo.publish").joinpath("templates").iterdir() if entry.name.endswith("html")]


def test_a_locale_writes_numbers_as_its_people_do() -> None:
    assert Locale("es-VE").integer(7303480) == "7.303.480"
    assert Locale("en").integer(7303480) == "7,303,480"
    assert Locale("es-VE").percent(7303480, 10887262) == f"67,1{NBSP}%"
    assert Locale("en").percent(7303480, 10887262) == "67.1%"
    assert Locale("es-MX").integer(1000) == "1,000"
    assert Locale("es-ES").integer(-1234) == "-1.234"


@pytest.mark.parametrize("locale", ["es-VE", "en"])
def test_almost_all_is_not_all_and_almost_nothing_is_not_nothing(locale: str) -> None:
    number = Locale(locale)
    assert number.percent(29999, 30000) != number.percent(30000, 30000)
    assert "<" in number.percent(1, 30000)
    assert number.percent(0, 30000).startswith("0")
    assert number.percent(0, 0) == "–"
    assert per_mille(1, 10**9) == 1
    assert per_mille(10**9 - 1, 10**9) == 999


def test_dates_are_absolute_and_name_their_zone() -> None:
    assert Locale("es-VE").date(dt.date(2024, 7, 28)) == "28 de julio de 2024"
    assert Locale("en").date(dt.date(2024, 7, 28)) == "28 July 2024"
    said = Locale("es-VE").moment("2024-07-30T02:00:00Z", "America/Caracas")
    assert said == "29 de julio de 2024, 22:00 (America/Caracas, UTC-04:00)"


def keys(language: str) -> dict[str, Any]:
    raw = raw_texts(language)
    return {**raw["ui"], **{f"about.{key}": text for key, text in raw["about"].items()}}


def placeholders(text: Any) -> set[str]:
    texts = text if isinstance(text, list) else [text]
    return {name for one in texts for _, name, _, _ in Formatter().parse(one) if name}


def test_every_text_exists_in_every_language_with_the_same_blanks() -> None:
    spanish = keys("es")
    for language in SPOKEN:
        other = keys(language)
        assert other.keys() == spanish.keys()
        words = {"station", "stations", "centre", "sheet", "Station", "Stations", "Centre", "Sheet"}
        for key, text in other.items():
            assert text, key
            assert placeholders(text) - words == placeholders(spanish[key]) - words, key
        assert [word["id"] for word in raw_texts(language)["glossary"]] == [
            word["id"] for word in raw_texts("es")["glossary"]
        ]


def test_no_text_lies_about_unused() -> None:
    package = files("testigo.publish")
    used = "".join(entry.read_text("utf-8") for entry in TEMPLATES)
    used += "".join(entry.read_text("utf-8") for entry in package.iterdir() if entry.name.endswith(".py"))
    # Families of keys whose last part is a state, a kind or an order.
    families = ("why_headline_", "why_detail_", "why_dispute_", "order_note_", "changes_", "why_limits_")
    known = {"null", "blank", "valid", "voters_machine", "voters_book", "added", "removed", "changed"}
    for key in raw_texts("es")["ui"]:
        there = re.search(rf"\b{key}\b", used) is not None
        assert there or key.startswith(families) or key in known, f"{key} is not used"


def test_templates_name_no_country_and_no_other_host() -> None:
    for entry in TEMPLATES:
        text = entry.read_text("utf-8")
        assert "//" not in re.sub(r"\{%.*?%\}", "", text).replace("<!--", ""), entry.name
        assert " style=" not in text, entry.name
        assert not re.search(r"\son[a-z]+=", text), entry.name


def test_two_codes_never_share_a_file() -> None:
    codes = ["a.b", "a_b", "a/b", "a b", "a-b", "../a", "ñ", "n", "Ñ", "a_2fb"]
    slugs = [paths.slug(code) for code in codes]
    assert len(set(slugs)) == len(codes)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", slug) for slug in slugs)
    assert paths.station("c", "../../etc/passwd").count("/") == 3
    assert "/../" not in paths.station("c", "../../etc/passwd")
