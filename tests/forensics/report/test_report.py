"""The report: the same numbers for people and machines, nothing that acts, and no failing analysis that ends it."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from testigo.bundle import open_bundle
from testigo.cli import main
from testigo.errors import InputError
from testigo.forensics.finding import Figure, Finding
from testigo.forensics.report import ANALYSES, Analysis, Context, Report, analyses, make_report, making, render
from testigo.forensics.report.pictures import drawn
from testigo.forensics.report.settling import safe_svg, settled, settled_figure
from testigo.forensics.report.wording import Numbers, texts

LIGHT = ("certainty", "contradiction", "round_numbers", "dossiers")
HOSTILE = '</style><script>alert("1")</script><img src=x onerror=alert(1)>'
BOTH = {"es": "a", "en": "b"}


def context(path: Path, **more: Any) -> Context:
    bundle = open_bundle(path)
    return Context(bundle, bundle.profile.contest(), **more)


def finding(**more: Any) -> Finding:
    whole: dict[str, Any] = {"code": "x", "title": BOTH, "statement": BOTH, "figures": (), "source": "s"}
    return Finding(**{**whole, "valid_when": BOTH, "power": BOTH, "blind_spots": BOTH, **more})


def with_analyses(monkeypatch: pytest.MonkeyPatch, *extra: Analysis) -> None:
    monkeypatch.setattr(making, "ANALYSES", extra)


# ------------------------------------------------------------------ what stands on the page


def test_every_number_of_the_json_stands_exactly_on_the_page(report: Report) -> None:
    page = render(report, "es").decode()
    shown = re.findall(r'<tr data-figure="(\w+)">.*?<td>(.*?)</td><td>', page, re.DOTALL)
    told = [figure for one in report.as_json()["findings"] for figure in one["figures"]]
    assert [name for name, _ in shown] == [figure["name"] for figure in told]
    for (name, cell), figure in zip(shown, told, strict=True):
        exact = re.search(r'<data value="([^"]+)">', cell)
        if isinstance(figure["value"], int | float):
            assert exact is not None and float(exact[1]) == figure["value"], name
        elif figure["value"] is None:
            assert texts("es")["unknown"] in cell and figure["why_not"]["es"], name


def test_every_figure_has_its_formula_and_every_finding_its_limits_and_its_command(report: Report) -> None:
    for one in report.as_json()["findings"]:
        for figure in one["figures"]:
            assert figure["formula"], (one["code"], figure["name"])
            assert figure["value"] is not None or figure["why_not"]["en"], (one["code"], figure["name"])
        for field in ("valid_when", "power", "blind_spots", "statement", "title"):
            assert one[field]["es"] and one[field]["en"], (one["code"], field)
        assert one["reproduce"].startswith("testigo "), one["code"]
        assert "BUNDLE" not in one["reproduce"]


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_page_tells_first_what_forensics_cannot_prove(report: Report, language: str) -> None:
    page = unescape(render(report, language).decode())
    places = [page.index(text) for text in texts(language)["about"]]
    assert places == sorted(places) and places[-1] < page.index('<article id="f0"')
    sections = re.findall(r'<h2 id="s-(\w+)"', page)
    assert sections == ["certainty", "bulletins", "dossiers"]
    assert [analysis.code for analysis in ANALYSES][:4] == ["certainty", "contradiction", "round_numbers", "projection"]


def test_the_page_needs_no_script_and_no_other_host(report: Report) -> None:
    page = render(report, "en").decode()
    assert "default-src 'none'" in page
    assert "<script" not in page.lower()
    assert not re.search(r"\b(src|href)=\"(?!#|data:image/jpeg;base64,)", page)


def test_both_languages_have_the_same_texts() -> None:
    def keys(value: Any) -> Any:
        return {name: keys(inner) for name, inner in value.items()} if isinstance(value, dict) else type(value)

    assert keys(texts("es")) == keys(texts("en"))


def test_the_pictures_say_what_the_figures_say(day: Any) -> None:
    figures = (
        Figure("counted_lead", BOTH, 100, "votes", "f"),
        Figure("projected_lead", BOTH, 150, "votes", "f", (120.0, 200.0)),
        Figure("worst_case_lead", BOTH, -50, "votes", "f"),
    )
    picture = drawn(finding(code="projection", figures=figures), Numbers("en"))
    assert "lead in the worst case: -50" in picture and "projected lead and interval: 150" in picture
    widths = [float(one) for one in re.findall(r'<rect x="[\d.]+" y="\d+" width="([\d.]+)"', picture)]
    assert widths == pytest.approx([widths[0], 1.5 * widths[0], 0.5 * widths[0]], abs=0.11)
    unknown = dataclasses.replace(figures[2], value=None)
    assert drawn(finding(code="projection", figures=(*figures[:2], unknown)), Numbers("en")) == ""
    assert safe_svg(picture).count("<rect") == 3


def test_a_rehearsal_says_so(report: Report) -> None:
    assert "SIMULACRO" in render(report, "en").decode()
    assert report.as_json()["rehearsal"] is True


# ------------------------------------------------------------------ hostile input


def test_a_hostile_centre_name_stays_a_name(day: Any, kit: Any) -> None:
    report = make_report(context(day.path), only=["dossiers"], stations=[day.planted["honest"]])
    page = render(report, "es").decode()
    assert "<script" not in page
    assert kit.HOSTILE in unescape(page)


def test_a_hostile_finding_cannot_act(day: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = {"es": HOSTILE, "en": HOSTILE}
    figure = Figure("n", text, HOSTILE, HOSTILE, HOSTILE)
    picture = (
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script>'
        '<a href="javascript:alert(1)"><text>x</text></a><image href="https://evil.example/x"/>'
        '<rect width="3" fill="url(https://evil.example/y)" style="background:url(//evil.example)"/>'
        "<text>&lt;script&gt;kept as text</text></svg>"
    )
    bad = finding(title=text, statement=text, figures=(figure,), source=HOSTILE, stations=(HOSTILE,), picture=picture)
    with_analyses(monkeypatch, Analysis("x", "battery", lambda at: (bad,)))
    page = render(make_report(context(day.path)), "en").decode()
    for evil in ("<script", "<img", "onload", "javascript:", "evil.example", "<image"):
        assert evil not in re.sub(r"&lt;.*?&gt;", "", page), evil
    assert '<rect width="3"></rect>' in page and "&lt;script&gt;kept as text" in page


def test_an_svg_that_expands_or_is_broken_is_left_out() -> None:
    assert safe_svg('<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg>&a;</svg>') == ""
    assert safe_svg("<svg><rect") == "" and safe_svg("<p>no</p>") == ""
    assert safe_svg('<svg viewBox="0 0 1 1"><rect fill="url(#a)"/></svg>').count("url(#a)") == 1


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan"), np.float32("inf")])
def test_what_is_not_finite_is_unknown_and_says_so(value: Any) -> None:
    figure = settled_figure(Figure("n", BOTH, value, formula="f", interval=(0.0, math.nan)))
    assert figure.value is None and figure.interval is None and figure.why_not["es"]


def test_numbers_of_other_libraries_become_plain(day: Any) -> None:
    figures = (Figure("a", BOTH, np.int64(3)), Figure("b", BOTH, np.float32(0.5), interval=(np.float64(0), 1)))  # type: ignore[arg-type]
    plain = settled(finding(figures=figures, seed=np.int64(4)), "testigo x").as_json()
    assert json.loads(json.dumps(plain, allow_nan=False))["figures"][0]["value"] == 3


@pytest.mark.parametrize(
    ("value", "unit", "es", "en"),
    [
        (7303480, "votes", "7.303.480 votos", "7,303,480 votes"),
        (0.6708279, "share", "67,08 %", "67.08%"),
        (1.1659, "share", "116,59 %", "116.59%"),
        (7.441843e-09, "probability", "7,44 · 10⁻⁹", "7.44 · 10⁻⁹"),
        (0.0123456, "probability", "0,01235", "0.01235"),
        (1.2216, "1", "1,222", "1.222"),
        (3, "of 251 stations", "3 de 251 mesas", "3 of 251 stations"),
        (0, "votes", "0 votos", "0 votes"),
        (0.0, "1", "0", "0"),
        (5e-324, "probability", "4,94 · 10⁻³²⁴", "4.94 · 10⁻³²⁴"),
        (-567386, "votes", "-567.386 votos", "-567,386 votes"),
    ],
)
def test_numbers_are_written_as_people_of_the_language_do(value: float, unit: str, es: str, en: str) -> None:
    for language, expected in (("es", es), ("en", en)):
        assert Numbers(language).value(value, unit).replace("\u00a0", " ") == expected


# ------------------------------------------------------------------ analyses that fail


def test_an_analysis_that_fails_says_why_and_costs_nobody_else(day: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(at: Context) -> tuple[Finding, ...]:
        raise InputError("No electors are known.", "Give --register.")

    def broken(at: Context) -> tuple[Finding, ...]:
        raise ZeroDivisionError("secret detail")

    def absent(at: Context) -> tuple[Finding, ...]:
        raise ModuleNotFoundError("no", name="numpyro")

    well = Analysis("well", "dossiers", lambda at: (finding(),))
    with_analyses(
        monkeypatch,
        Analysis("refused", "battery", refused),
        Analysis("broken", "battery", broken),
        Analysis("absent", "battery", absent),
        well,
    )
    report = make_report(context(day.path))
    assert report.failed == ("refused", "broken", "absent")
    page = render(report, "en").decode()
    assert "No electors are known" in page and "Give --register" in page
    assert "ZeroDivisionError" in page and "secret detail" not in page
    assert "numpyro is missing" in page
    assert report.findings[-1][0] is well


def test_adding_an_analysis_is_adding_a_line() -> None:
    assert len({analysis.code for analysis in ANALYSES}) == len(ANALYSES)
    for analysis in ANALYSES:
        assert analysis.section in texts("es")["sections"] and analysis.section in texts("en")["intros"]


def test_without_electors_nothing_is_certain_and_everything_else_still_speaks(imported: Path) -> None:
    report = make_report(context(imported, seed=2))
    by_code = {one.code: one for _, one in report.findings}
    assert by_code["certainty"].figure("worst_case_margin").value is None
    assert by_code["dossiers"].figure("with_decision").value == 60
    told = json.dumps(report.as_json(), allow_nan=False)
    assert "NaN" not in told
    for language in ("es", "en"):
        page = render(report, language).decode()
        assert not re.search(r">\s*-?(nan|inf)\b", page, re.IGNORECASE)
    # A small country without electors may leave tests unanswered, but as findings, never as defects of ours.
    assert "defect of Testigo" not in told


def test_every_figure_of_every_analysis_has_a_formula(imported: Path) -> None:
    report = make_report(context(imported, seed=2))
    lacking = [(one.code, figure.name) for _, one in report.findings for figure in one.figures if not figure.formula]
    assert lacking == []


def test_nothing_counted_is_said_and_is_no_crash(kit: Any, tmp_path: Path) -> None:
    world = kit.World(stations=2)
    at = context(world.write(tmp_path / "empty"))
    report = make_report(at)
    assert "defect of Testigo" not in json.dumps(report.as_json())
    assert "contradiction" in report.failed
    render(report, "en")


# ------------------------------------------------------------------ the command


def test_the_same_seed_gives_the_same_figures(imported: Path) -> None:
    once, again = (make_report(context(imported, seed=5), only=["battery"]).as_json() for _ in range(2))
    assert once == again


def test_the_command_on_the_page_holds_no_path_of_a_machine(day: Any) -> None:
    at = context(day.path, seed=9, name="my bundle", register_name="r.parquet")
    report = make_report(at, only=["dossiers"])
    assert report.command == "testigo forensics 'my bundle' --register r.parquet --seed 9"
    assert str(day.path.parent) not in render(report, "en").decode()


def test_the_command_writes_the_page_and_answers_in_json(
    day: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "report.html"
    words = ["forensics", str(day.path), "--only", "certainty", "--station", day.planted["copy"]]
    assert main([*words, "--out", str(out), "--lang", "es", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in told["findings"]] == ["certainty"]
    assert told["dossiers"][0]["station"] == day.planted["copy"]
    assert '<html lang="es">' in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only", "astrology"], "no analysis"),
        (["--station", "x"], "no polling station"),
        (["--contest", "x"], "contest"),
    ],
)
def test_bad_words_end_with_two_and_one_sentence(
    day: Any, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["forensics", str(day.path), *words]) == 2
    assert said in capsys.readouterr().err


def test_no_browser_is_said_before_the_work(
    day: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TESTIGO_BROWSER", "no-such-browser")
    assert main(["forensics", str(day.path), "--pdf", str(tmp_path / "r.pdf")]) == 2
    told = capsys.readouterr()
    assert "Chromium" in told.err and told.out == ""


def test_a_register_given_later_makes_the_electors_known(kit: Any, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    from testigo.forensics.report import with_register

    knowing = kit.World()
    blind = kit.World(known_electors=False)
    for code in blind.codes:
        opened = blind.show()
        for person in (1, 2):
            blind.read(code, opened, person)
        blind.decide(code)
    bundle = open_bundle(blind.write(tmp_path / "b"))
    assert not Context(bundle, bundle.profile.contest()).sheets.electors_known.any()
    pq.write_table(knowing.register.table, tmp_path / "r.parquet")
    seen = with_register(bundle, knowing.register)
    assert Context(seen, seen.profile.contest()).sheets.electors_known.all()
    assert bundle.register is not knowing.register


# ------------------------------------------------------------------ itself


def test_the_analyses_load_only_when_they_run() -> None:
    code = "import sys, testigo.forensics.report; print(any(n in sys.modules for n in ('numba', 'numpyro', 'cv2')))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "False"


def test_a_report_says_itself_the_same_twice(report: Report) -> None:
    assert render(report, "en") == render(dataclasses.replace(report), "en")
    assert analyses.ANALYSES is ANALYSES


def test_the_page_of_the_command_names_every_field_of_the_answer(report: Report) -> None:
    """And nothing else: ``findings[].title.*`` stands for the languages below it, as on the rest of that page."""
    text = (Path(__file__).resolve().parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    section = text.split("\n## testigo forensics\n", 1)[1].split("\n## ", 1)[0]
    table = section.split("| `--json` | |", 1)[1]
    known = {path for line in table.split("\n") for path in re.findall(r"`([a-z_.\[\]*]+)`", line.split(" | ")[0])}

    def paths(value: Any, at: str) -> set[str]:
        if at in known:
            return {at}
        if f"{at}.*" in known:
            return {f"{at}.*"}
        if isinstance(value, dict) and any(path.startswith(f"{at}." if at else "") for path in known):
            return set().union(*(paths(inner, f"{at}.{name}" if at else name) for name, inner in value.items()))
        if isinstance(value, list) and any(path.startswith(f"{at}[]") for path in known):
            return set().union(*(paths(one, f"{at}[]") for one in value))
        return {at}

    assert paths(report.as_json(), "") == known
