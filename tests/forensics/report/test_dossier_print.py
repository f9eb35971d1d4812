"""What a reader of the print says of the sheets themselves, and what the claims become once somebody has read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from testigo.bundle import open_bundle
from testigo.forensics.dossier import Dossier, Dossiers, summary
from testigo.forensics.dossier.facts import facts_in, facts_of

UUID = "8017da9c-0000-4000-8000-00000000000"
SIGNED = {"signature.president": "filled", "signature.secretary": "filled", "signature.observer_a": "filled"}


@pytest.fixture(scope="module")
def printed(kit: Any, tmp_path_factory: pytest.TempPathFactory) -> Dossiers:
    """Stations whose print was read: whole, twice the same UUID, unsigned, cut before the line, at an odd hour, by two
    readers who differ; and one of which nobody read the print."""
    world = kit.World()
    first, twin, other, unsigned, cut, odd, differs, unread = world.codes[:8]
    whole = {"uuid": UUID + "1", "printed_at": "2024-07-28T19:03:30", "mac": "present", **SIGNED}
    symbols = "." * 90 + "ccee"
    world.plain(first, facts=whole, symbols=symbols, corrected=2, erased=2)
    world.plain(twin, facts=whole | {"uuid": UUID + "2"})
    world.plain(other, facts=whole | {"uuid": UUID + "2"})
    world.plain(unsigned, facts=dict.fromkeys(SIGNED, "empty") | {"uuid": UUID + "4"})
    world.plain(cut, facts={"mac": "absent", "uuid": UUID + "5"})
    world.plain(odd, facts={"printed_at": "2024-08-02T10:00:00", "uuid": UUID + "6"})
    world.read(differs, world.show(kit.jpeg(world.picture(differs))), facts=whole | {"uuid": UUID + "7"})
    world.plain(differs, facts={"uuid": UUID + "7", "mac": "absent", "signature.president": "empty"})
    world.plain(unread)
    return Dossiers(open_bundle(world.write(tmp_path_factory.mktemp("printed") / "bundle")), images=False)


def station(dossiers: Dossiers, number: int) -> Dossier:
    return dossiers.of(sorted(dossiers.tallies)[number])


def evidence(dossier: Dossier, code: str) -> str:
    return " ".join(text[language] for text in dossier.claim(code).evidence for language in ("es", "en"))


def test_a_sheet_whose_print_was_read_answers_every_claim(printed: Dossiers) -> None:
    dossier = station(printed, 0)
    answers = {claim.code: str(claim.answer) for claim in dossier.claims}
    assert answers["no_signatures"] == "contradicted"
    assert "3 boxes are filled: president, secretary, observer A" in evidence(dossier, "no_signatures")
    assert answers["no_code_under_qr"] == "contradicted"
    assert answers["incomplete_qr"] == "contradicted"
    assert "Of the code's 94 codewords 90 are seen intact" in evidence(dossier, "incomplete_qr")
    assert answers["same_sheet_twice"] == "not_seen" and UUID + "1" in evidence(dossier, "same_sheet_twice")
    assert dossier.item("uuid").value == {"uuids": [UUID + "1"], "also_at": [], "compared_with": 6}
    assert dossier.item("print_time").value == {"times": ["2024-07-28T19:03:30"], "other_day": False}
    assert dossier.item("signature_president").value == "filled"
    assert dossier.item("signature_operator").state == "not_read"  # that box nobody read
    assert dossier.item("hmac").value == "present" and "nobody outside can check it" in dossier.item("hmac").text["en"]


def test_a_uuid_on_two_stations_is_seen_from_both(printed: Dossiers) -> None:
    twin, other = station(printed, 1), station(printed, 2)
    for here, there in ((twin, other), (other, twin)):
        assert here.item("uuid").value["also_at"] == [there.station]
        assert here.claim("same_sheet_twice").answer == "seen"
        assert f"The same printed UUID: {there.station}" in evidence(here, "same_sheet_twice")
    assert {twin.station, other.station} <= set(summary(printed).stations)


def test_empty_boxes_and_a_missing_line_are_said_as_they_are(printed: Dossiers) -> None:
    unsigned, cut = station(printed, 3), station(printed, 4)
    assert unsigned.claim("no_signatures").answer == "seen"
    assert "does not change" not in evidence(unsigned, "no_signatures")
    assert "numbers that the machine printed" in unsigned.claim("no_signatures").cannot_know["en"]
    assert cut.claim("no_code_under_qr").answer == "seen" and cut.item("hmac").value == "absent"


def test_a_sheet_printed_days_later_is_to_be_looked_at(printed: Dossiers) -> None:
    item = station(printed, 5).item("print_time")
    assert item.value["other_day"] is True and "look at it" in item.text["en"]


def test_readers_who_differ_are_shown_and_nobody_is_believed(printed: Dossiers) -> None:
    dossier = station(printed, 6)
    assert dossier.item("signature_president").value == "differ"
    assert "filled, empty" in dossier.item("signature_president").text["en"]
    assert dossier.item("hmac").value == "differ"


def test_what_nobody_read_stays_unread(printed: Dossiers) -> None:
    dossier = station(printed, 7)
    for code in ("uuid", "print_time", "hmac", "signature_president"):
        assert dossier.item(code).state == "not_read"
    assert dossier.claim("no_signatures").answer == "open"
    assert dossier.claim("no_code_under_qr").answer == "open"


def test_the_country_counts_what_was_read_and_says_of_how_many(printed: Dossiers) -> None:
    figures = {figure.name: figure for figure in summary(printed).figures}
    assert figures["uuid_repeated"].value == 2 and "of 7 stations" in figures["uuid_repeated"].formula
    assert (figures["hmac_absent"].value, figures["print_time_odd"].value) == (1, 1)
    assert (figures["unsigned"].value, figures["box_empty"].value) == (1, 1)


@pytest.mark.parametrize("facts", ['{"name":"somebody"}', '{"uuid":"not one"}', '{"signature.president":"signed"}'])
def test_a_fact_that_is_not_on_the_closed_list_is_left_out(facts: str) -> None:
    assert facts_in({"facts": facts}) == {}
    assert facts_of([{"facts": facts}, {}]).values == {}


def test_a_bundle_from_before_the_facts_is_read_as_unread(imported: Path) -> None:
    assert Dossiers(open_bundle(imported)).facts == {}
