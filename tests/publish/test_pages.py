"""What the pages say, against the bundle they were made from."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.csv as pacsv
import pytest

from testigo.bundle import open_bundle
from testigo.ledger import verify_proof_file
from testigo.publish import publish
from testigo.tally import counted_from_table, tally

MOST_BYTES = 60_000


class Reader(HTMLParser):
    """Links, identifiers and visible text of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src") and value is not None:
                self.links.append(value)
            if name == "id" and value:
                self.ids.append(value)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """Everything that is read, with single spaces."""
        return re.sub(r"\s+", " ", " ".join(self.words).replace("\u00a0", " "))


def pages_of(site: Path) -> Iterator[Path]:
    return (page for page in sorted(site.rglob("*.html")))


def read(published: Any, path: str) -> Reader:
    return Reader(published.site / path)


@pytest.mark.parametrize("which", ["altamar_site", "imported_site"])
def test_every_link_of_every_page_leads_somewhere_within_the_site(which: str, request: pytest.FixtureRequest) -> None:
    site: Path = request.getfixturevalue(which).site.resolve()
    read_pages = {page.resolve(): Reader(page) for page in pages_of(site)}
    followed = 0
    for page, reader in read_pages.items():
        assert len(set(reader.ids)) == len(reader.ids), page
        for link in reader.links:
            if link.startswith("data:"):
                continue
            assert not re.match(r"[a-z]+:|//|/", link), f"{page}: {link}"
            path, _, anchor = unquote(link).partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.is_file() and target.is_relative_to(site), f"{page}: {link}"
            if anchor:
                assert anchor in read_pages[target].ids, f"{page}: {link}"
            followed += 1
    assert followed > 1000


@pytest.mark.parametrize("which", ["altamar_site", "imported_site"])
def test_every_page_is_small_and_forbids_everything_from_elsewhere(which: str, request: pytest.FixtureRequest) -> None:
    site: Path = request.getfixturevalue(which).site
    for page in pages_of(site):
        text = page.read_text("utf-8")
        assert len(text.encode()) < MOST_BYTES, page
        assert "default-src 'none'" in text, page
        assert not re.search(r"https?://(?!www\.w3\.org)", text), page
        assert " style=" not in text, page


def test_a_place_called_script_is_a_name_and_not_a_script(altamar_site: Any) -> None:
    shown = 0
    for page in pages_of(altamar_site.site):
        text = page.read_text("utf-8")
        assert "<script>alert" not in text, page
        shown += "&lt;script&gt;alert" in text
        assert Reader(page).tags.count("script") == ("search.js" in text)
    assert shown > 10
    for shard in altamar_site.site.glob("search/*.js"):
        assert "<" not in shard.read_text("utf-8")


def test_a_rehearsal_says_so_on_every_page_and_a_real_release_on_none(altamar_site: Any, imported_site: Any) -> None:
    assert all("SIMULACRO" in page.read_text("utf-8") for page in pages_of(altamar_site.site))
    for card in altamar_site.site.rglob("card.svg"):
        assert "SIMULACRO" in card.read_text("utf-8")
    assert not any("SIMULACRO" in page.read_text("utf-8") for page in pages_of(imported_site.site))


def test_the_front_page_shows_the_totals_of_the_bundle(altamar_site: Any) -> None:
    bundle = open_bundle(altamar_site.bundle)
    for contest, path in zip(bundle.profile.contests, ("index.html", "asamblea/index.html"), strict=True):
        counted = counted_from_table(contest, bundle.register, bundle.tallies)
        totals = tally(bundle.profile, contest, bundle.register, counted).country
        text = read(altamar_site, f"en/{path}").text
        for candidate in contest.candidates:
            votes = f"{totals.candidates[candidate.code]:,}"
            exact = Decimal(100 * totals.candidates[candidate.code]) / totals.valid
            share = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
            assert f"{candidate.name} {share}% {votes} votes" in text
        assert f"With {totals.with_tally} of {totals.registered} ballot boxes" in text
        assert f"{totals.by_standing['confirmed']} ballot boxes: confirmed by two readings" in text
        assert f"{totals.contested} are contested" in text


def test_a_station_page_shows_every_line_that_the_bundle_holds(altamar_site: Any) -> None:
    bundle = open_bundle(altamar_site.bundle)
    contest = bundle.profile.contests[0]
    for row in bundle.tallies.to_pylist():
        if row["contest"] != contest.code:
            continue
        page = read(altamar_site, f"es/presidencia/s/{row['station'][:4]}/{row['station']}.html")
        for line in contest.lines:
            assert re.search(rf"{re.escape(line.label)}\s+{row[f'l_{line.code}']}\b", page.text), row["station"]
        assert f"Votos válidos {row['valid']}" in page.text
        assert ("EN DISPUTA" in page.text) == ("contested" in row["flags"])


def test_tapping_a_line_leads_to_its_place_on_the_sheet_and_only_there(altamar_site: Any) -> None:
    page = read(altamar_site, "es/presidencia/s/NA01/NA011-A.html")
    assert {"#l-FARO", "#l-REDES", "#l-ANCLA", "#l-MAREA"} <= set(page.links)
    assert {"l-FARO", "l-REDES", "l-ANCLA", "l-MAREA"} <= set(page.ids)
    withheld = read(altamar_site, "es/presidencia/s/NB01/NB011-A.html")
    assert not [link for link in withheld.links if link.startswith("#l-")]


def test_where_no_image_is_published_the_reason_stands_in_words(altamar_site: Any, imported_site: Any) -> None:
    kinds = {row["station"]: row for row in open_bundle(altamar_site.bundle).tallies.to_pylist()}
    without = [station for station, row in kinds.items() if row["withheld"]]
    assert without
    for station in without:
        page = read(altamar_site, f"en/presidencia/s/{station[:4]}/{station}.html")
        assert "The image is withheld: where the names to be covered stand cannot be known" in page.text
    text = read(imported_site, "es/presidente/s/0101/010101001.01.html").text
    assert "Cifra publicada por terceros: línea 2 del archivo con huella SHA-256 " + "ab" * 32 in text
    assert "Por qué no hay imagen" in text


def test_missing_is_said_and_is_not_zero(altamar_site: Any) -> None:
    having = set(open_bundle(altamar_site.bundle).tallies["station"].to_pylist())
    missing = sorted(set(altamar_site.world.register.rows) - having)
    assert missing
    text = read(altamar_site, f"es/presidencia/s/{missing[0][:4]}/{missing[0]}.html").text
    assert "No hay números de este lugar. No es lo mismo que cero votos" in text
    area = read(altamar_site, f"es/presidencia/a/{missing[0][:2]}.html")
    assert any(missing[0] in link for link in area.links)


def test_the_proof_on_a_page_proves_the_entry_on_that_page(kit: Any, altamar_site: Any) -> None:
    checked = 0
    for page in sorted(altamar_site.site.glob("en/presidencia/s/*/*.html")):
        text = page.read_text("utf-8")
        found = re.search(r'\.tlog-proof" href="data:text/plain;base64,([^"]+)"', text)
        if found is None:
            continue
        code = re.findall(r'<code class="block">(.*?)</code>', text)[-1]
        entry = code.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").encode()
        verify_proof_file(b64decode(found[1]), entry, kit.key.verifier)
        assert json.loads(entry)["station"] == page.stem
        checked += 1
    assert checked == 37


def test_contests_are_one_tap_apart(altamar_site: Any) -> None:
    page = read(altamar_site, "es/presidencia/a/N.html")
    assert "../../asamblea/a/N.html" in [link.replace("../../../", "../../", 1) for link in page.links]


def test_a_long_list_goes_on_and_can_be_read_in_other_orders(imported_site: Any) -> None:
    folder = imported_site.site / "en/presidente/a"
    first, second = Reader(folder / "010101.html"), Reader(folder / "010101~2.html")
    centres = [{link for link in page.links if "/c/" in link} for page in (first, second)]
    assert len(centres[0]) == 60 and len(centres[1]) == 30 and not centres[0] & centres[1]
    ordered = (folder / "010101~margin.html").read_text("utf-8")
    leads = [float(value) for value in re.findall(r'<td class="n">([\d.]+)</td>\n<td class="n">', ordered)]
    assert len(leads) > 50 and leads == sorted(leads)


def test_the_table_of_an_area_holds_its_stations_and_their_zeros(imported_site: Any, altamar_site: Any) -> None:
    table = pacsv.read_csv(imported_site.site / "csv/presidente/17.csv", convert_options=_TEXT)
    assert table["station"].to_pylist() == ["170101001.01", "170101001.02"]
    assert table["valid"].to_pylist()[1] == ""  # missing, not 0
    whole = pacsv.read_csv(altamar_site.site / "csv/presidencia/XA.csv")
    assert whole.num_rows == len(altamar_site.world.register)


_TEXT = pacsv.ConvertOptions(column_types={"station": "string", "valid": "string"}, strings_can_be_null=False)


def test_an_announced_result_stands_beside_with_one_sentence(imported_site: Any) -> None:
    text = read(imported_site, "es/index.html").text
    assert "El anuncio pone delante a Nicolás Maduro Moros; lo contado aquí pone delante a Edmundo González" in text
    assert "6.408.844" in text


def test_before_anything_is_counted_the_site_says_just_that(kit: Any, tmp_path: Path) -> None:
    world = kit.altamar()
    del world.entries[1:]
    publish(world.write(tmp_path / "bundle"), tmp_path / "site")
    text = Reader(tmp_path / "site/es/index.html").text
    assert "Todavía no hay nada contado." in text
    assert "Con 0 de 240 urnas" in text
    assert (
        "Aquí no hay nada contado todavía. No es lo mismo que cero votos."
        in Reader(tmp_path / "site/es/presidencia/a/N.html").text
    )


def test_a_sheet_of_a_station_that_no_register_names_is_shown(kit: Any, tmp_path: Path) -> None:
    world = kit.altamar()
    contest = world.profile.contests[0]
    counts = world.votes(contest)
    world.read(contest.code, "ZZ999-A", counts, world.arrive(), 1)
    world.decide(contest.code, "ZZ999-A")
    publish(world.write(tmp_path / "bundle"), tmp_path / "site")
    country = Reader(tmp_path / "site/en/presidencia/a/XA.html")
    assert any(link.endswith("s/ZZ99/ZZ999-A.html") for link in country.links)
    assert "not in the register" in country.text
    assert str(counts.valid) in Reader(tmp_path / "site/en/presidencia/s/ZZ99/ZZ999-A.html").text
