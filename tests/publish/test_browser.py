"""The site in a real browser, opened from the disk: searched, drilled down, without JavaScript, on a phone, by WCAG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from testigo.bundle import open_bundle

#: One page of each kind, below the language's folder.
KINDS = (
    "index.html",
    "asamblea/index.html",
    "presidencia/why.html",
    "presidencia/a/XA.html",
    "presidencia/a/XA~margin.html",
    "presidencia/a/NA.html",
    "presidencia/c/MB01/MB012.html",
    "presidencia/s/NA01/NA011-A.html",  # confirmed, with its image
    "presidencia/s/NA01/NA012-B.html",  # withheld
    "presidencia/s/PA01/PA011-A.html",
    "about.html",
    "verify.html",
    "changes.html",
    "downloads.html",
)


@contextmanager
def opened(browser: Any, **options: Any) -> Iterator[Any]:
    """A page in a context of its own, and a check that nothing failed or left the disk."""
    context = browser.new_context(**{"viewport": {"width": 360, "height": 740}, **options})
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else wrong.append(request.url)
    )
    # Going to the next page aborts an icon that is still loading; everything else that fails is wrong.
    page.on("requestfailed", lambda one: None if "ABORTED" in one.failure else wrong.append(f"failed: {one.url}"))
    try:
        yield page
        assert not wrong
    finally:
        context.close()


def address(site: Path, path: str) -> str:
    return (site / path).resolve().as_uri()


def test_somebody_finds_their_station_by_the_name_of_the_school(browser: Any, altamar_site: Any) -> None:
    with opened(browser) as page:
        page.goto(address(altamar_site.site, "index.html"))
        page.get_by_role("link", name="Ver los resultados").click()
        page.get_by_label("Nombre, lugar o código").fill("rio ANCHO angeles")
        page.get_by_role("link", name="Liceo Río Ancho de Los Ángeles").click()
        assert "Liceo Río Ancho de Los Ángeles" in page.locator("h1").inner_text()
        page.get_by_role("link", name="MB012-B").click()
        row = next(row for row in _rows(altamar_site) if row["station"] == "MB012-B")
        for code, name in (("ARRIETA", "Inés Arrieta Montjoy"), ("BELLVER", "Tomás Bellver Quiñones")):
            line = page.locator("tr", has=page.get_by_role("rowheader", name=name))
            assert line.locator("td").first.inner_text() == str(row[f"c_{code}"])


def _rows(published: Any) -> list[dict[str, Any]]:
    table = open_bundle(published.bundle).tallies.to_pylist()
    return [row for row in table if row["contest"] == "presidencia"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mb012", "Liceo Río Ancho de Los Ángeles"),
        ("MB012-C", "Liceo Río Ancho de Los Ángeles"),
        ("ñandú", '<script>alert("1")</script> & Ñandú\'s'),
        ("isla del norte", "Isla del Norte"),
    ],
)
def test_the_search_takes_codes_places_and_hostile_names(
    browser: Any, altamar_site: Any, typed: str, name: str
) -> None:
    with opened(browser) as page:
        page.goto(address(altamar_site.site, "es/index.html"))
        page.locator("#q").fill(typed)
        page.locator(".hits li a").first.wait_for()
        assert name in page.locator(".hits li a:first-child").all_inner_texts()
        if typed == "MB012-C":
            page.locator(".hits").get_by_role("link", name="Urna C").click()
            assert "MB012-C" in page.locator("h1").inner_text()


def test_a_search_for_nothing_says_so(browser: Any, altamar_site: Any) -> None:
    with opened(browser) as page:
        page.goto(address(altamar_site.site, "en/index.html"))
        page.locator("#q").fill("xyzzy")
        page.get_by_text("Nothing was found with those words.").wait_for()


def test_without_javascript_one_gets_to_the_station_all_the_same(browser: Any, altamar_site: Any) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(address(altamar_site.site, "es/index.html"))
        assert not page.locator("#q").is_visible()
        assert page.get_by_text("Sin JavaScript se llega igual").is_visible()
        page.get_by_role("link", name="Bajar por el territorio").click()
        for step in ("Isla Mayor", "Lugar MB", "Liceo Río Ancho de Los Ángeles", "MB012-A"):
            page.locator("main").get_by_role("link", name=step, exact=True).first.click()
        assert page.locator("h1").inner_text().startswith("Urna A")
        page.get_by_role("link", name="English").click()
        assert page.locator("h1").inner_text().startswith("Ballot box A")


def test_a_line_shows_its_place_on_the_sheet_without_a_script(browser: Any, altamar_site: Any) -> None:
    with opened(browser, java_script_enabled=False, viewport={"width": 1200, "height": 800}) as page:
        page.goto(address(altamar_site.site, "es/presidencia/s/NA01/NA011-A.html"))
        page.get_by_role("link", name="Redes Unidas").click()
        page.locator("rect:target").wait_for(state="attached")
        # All at once: the page may still be scrolling.
        box = "(one) => document.querySelector(one).getBoundingClientRect().toJSON()"
        first, second, image = page.evaluate(f"['#l-FARO', '#l-REDES', '.paper img'].map({box})")
        assert image["height"] > 300 and first["height"] > 5
        assert image["top"] < first["top"] < first["bottom"] <= second["top"] + 1 < second["bottom"] < image["bottom"]
        assert page.locator("rect:target").get_attribute("id") == "l-REDES"


@pytest.mark.parametrize("language", ["es", "en"])
def test_nothing_is_wider_than_a_small_phone(
    browser: Any, altamar_site: Any, imported_site: Any, language: str
) -> None:
    with opened(browser) as page:
        pages = [address(altamar_site.site, f"{language}/{kind}") for kind in KINDS]
        pages += [
            address(imported_site.site, f"{language}/{path}")
            for path in ("index.html", "presidente/a/010101.html", "presidente/s/0101/010101001.01.html")
        ]
        for one in pages:
            page.goto(one)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 360, f"{one}: {wide}"


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_kind_of_page_meets_wcag_aa_in_light_and_dark(browser: Any, altamar_site: Any, language: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # Without "preload": it would fetch the style sheets, and the pages' own policy forbids any fetch.
    every = {"preload": False, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    contrast = {"preload": False, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
    with opened(browser) as page:
        for kind in KINDS:
            page.emulate_media(color_scheme="light")
            page.goto(address(altamar_site.site, f"{language}/{kind}"))
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            for scheme, rules in (("light", every), ("dark", contrast)):  # only colours depend on the scheme
                page.emulate_media(color_scheme=scheme)
                found = axe.run(page, options=rules).response["violations"]
                listed = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]
                assert not listed, f"{kind}, {scheme}: {listed}"


def test_on_paper_there_is_no_navigation_and_black_on_white(browser: Any, altamar_site: Any) -> None:
    with opened(browser, color_scheme="dark") as page:
        page.goto(address(altamar_site.site, "es/presidencia/s/NA01/NA011-A.html"))
        page.emulate_media(media="print")
        assert not page.locator(".top nav").is_visible()
        assert page.locator(".counts-table").is_visible()
        colours = page.evaluate(
            "(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))"
        )
        assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
        assert "SIMULACRO" in page.locator(".rehearsal").inner_text()


def test_text_is_16_pixels_and_up_and_in_tabular_figures(browser: Any, altamar_site: Any) -> None:
    small = """[...document.querySelectorAll('main *')].filter((one) => one.childNodes.length
        && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
        && !one.closest('.map') && !one.closest('code, pre, .hash')
        && parseFloat(getComputedStyle(one).fontSize) < 16).map((one) => one.outerHTML.slice(0, 80))"""
    with opened(browser) as page:
        for kind in KINDS:
            page.goto(address(altamar_site.site, f"es/{kind}"))
            assert page.evaluate(small) == [], kind
        assert "tabular-nums" in page.evaluate("getComputedStyle(document.body).fontVariantNumeric")


def test_the_front_page_answers_in_order(browser: Any, altamar_site: Any, imported_site: Any) -> None:
    with opened(browser) as page:
        page.goto(address(imported_site.site, "es/index.html"))
        text = page.locator("main").inner_text()
        order = [
            "Edmundo González Urrutia", "30.026 mesas", "¿Por qué?", "Busca tu centro de votación", "El mapa",
            "En qué se apoya", "Lo que falta, y dónde", "Lo que anunció la autoridad", "Compruébalo tú", "Descargas",
            "Esta publicación",
        ]  # fmt: skip
        places = [text.index(one) for one in order]
        assert places == sorted(places)
        assert page.locator(".certainty").bounding_box()["y"] < 740  # the first screen of a phone
        assert re.search(r"[0-9a-f]{64}", text)
