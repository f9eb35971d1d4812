"""What a sceptic asks of one sheet, and what the dossier may and may not say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from testigo.bundle import image_path, open_bundle
from testigo.errors import InputError
from testigo.forensics.dossier import Dossier, Dossiers, summary
from testigo.ledger import verify_proof_file

ROLES = ("president", "secretary", "member_a", "observer_a", "observer_b", "operator")
CLAIMS = ("no_signatures", "incomplete_qr", "no_code_under_qr", "same_sheet_twice", "edited_image")


@pytest.fixture(scope="module")
def dossiers(day: Any) -> Dossiers:
    return Dossiers(open_bundle(day.path))


def of(dossiers: Dossiers, day: Any, role: str) -> Dossier:
    return dossiers.of(day.planted[role])


def evidence(dossier: Dossier, code: str) -> str:
    return " ".join(text["en"] for text in dossier.claim(code).evidence)


def test_every_claim_is_answered_and_always_says_what_cannot_be_known(dossiers: Dossiers, day: Any) -> None:
    for role in set(day.planted) - {"missing"}:
        dossier = of(dossiers, day, role)
        assert tuple(claim.code for claim in dossier.claims) == CLAIMS
        for claim in dossier.claims:
            assert claim.cannot_know["es"] and claim.cannot_know["en"]
            assert claim.answer != "seen" or claim.evidence


def test_no_signatures_is_never_answered_from_an_image_that_covers_them(dossiers: Dossiers, day: Any) -> None:
    dossier = of(dossiers, day, "honest")
    assert dossier.claim("no_signatures").answer == "open"
    assert "covers names, signatures" in evidence(dossier, "no_signatures")
    for role in ROLES:
        item = dossier.item(f"signature_{role}")
        assert (item.state, item.value) == ("not_read", None)


@pytest.mark.parametrize("code", ["print_time", "uuid", "hmac"])
def test_what_no_reader_reads_is_not_invented(dossiers: Dossiers, day: Any, code: str) -> None:
    item = of(dossiers, day, "honest").item(code)
    assert (item.state, item.value) == ("not_read", None)
    assert "no reading of this sheet says it" in item.text["en"]


def test_nobody_outside_can_check_the_hmac_and_the_dossier_says_so(dossiers: Dossiers, day: Any) -> None:
    dossier = of(dossiers, day, "honest")
    assert "nobody outside can check it" in dossier.item("hmac").text["en"]
    assert dossier.claim("no_code_under_qr").answer == "open"


def test_a_code_that_was_read_whole_contradicts_incomplete(dossiers: Dossiers, day: Any) -> None:
    dossier = of(dossiers, day, "honest")
    assert dossier.claim("incomplete_qr").answer == "contradicted"
    assert "38 votes per line" in evidence(dossier, "incomplete_qr")
    assert dossier.item("payload").value == [day.world.readings[dossier.station][0][1].payload]


def test_a_damaged_code_that_could_be_corrected_says_how_much(dossiers: Dossiers, day: Any) -> None:
    assert "3 symbols were erased and 5 corrected" in evidence(of(dossiers, day, "damaged"), "incomplete_qr")


def test_an_image_without_a_readable_code_is_said_to_have_none(dossiers: Dossiers, day: Any) -> None:
    dossier = of(dossiers, day, "no_code")
    assert dossier.claim("incomplete_qr").answer == "seen"
    assert dossier.item("payload").state == "not_read"


def test_half_a_payload_is_not_complete(dossiers: Dossiers, day: Any) -> None:
    whole = of(dossiers, day, "honest").item("payload").value[0]
    assert dossiers.payload_complete(whole)
    assert not dossiers.payload_complete(whole[: len(whole) // 2])


@pytest.mark.parametrize(("here", "there"), [("same_image", "image_of"), ("same_payload", "payload_of")])
def test_the_same_sheet_under_two_stations_is_seen_from_both(
    dossiers: Dossiers, day: Any, here: str, there: str
) -> None:
    for role, other in ((here, there), (there, here)):
        dossier = of(dossiers, day, role)
        assert dossier.claim("same_sheet_twice").answer == "seen"
        assert day.planted[other] in evidence(dossier, "same_sheet_twice")


def test_a_copy_retouched_and_saved_again_is_found(dossiers: Dossiers, day: Any) -> None:
    near = dossiers.near(day.planted["copy"])
    assert [station for station, _ in near] == [day.planted["copied_from"]] and near[0][1] > 0.85
    assert day.planted["copied_from"] in evidence(of(dossiers, day, "copy"), "same_sheet_twice")


def test_sheets_of_one_form_are_not_called_alike(dossiers: Dossiers, day: Any) -> None:
    assert dossiers.near(day.planted["honest"]) == ()
    assert of(dossiers, day, "honest").claim("same_sheet_twice").answer == "not_seen"


def test_print_and_code_that_differ_are_shown_as_such(dossiers: Dossiers, day: Any) -> None:
    dossier = of(dossiers, day, "differs")
    assert dossier.item("qr_vs_print").value == "fail"
    assert dossier.claim("edited_image").answer == "seen"
    assert sum(1 for one in dossier.readings if one["agrees"]) < len(dossier.readings)


def test_consistent_readings_are_no_sign_of_editing_but_no_proof_against_it(dossiers: Dossiers, day: Any) -> None:
    claim = of(dossiers, day, "honest").claim("edited_image")
    assert claim.answer == "not_seen"  # never "contradicted": a whole sheet can be drawn with a consistent code
    assert "drawn whole" in claim.cannot_know["en"]


def test_bytes_changed_after_publication_are_told(day: Any, tmp_path: Path) -> None:
    shutil.copytree(day.path, tmp_path / "b")
    bundle = open_bundle(tmp_path / "b")
    (digest,) = bundle.tallies.filter(bundle.tallies["station"].to_numpy() == day.planted["honest"])["sheets"][
        0
    ].as_py()
    path = tmp_path / "b" / image_path(digest)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    dossier = Dossiers(bundle, images=False).of(day.planted["honest"])
    assert "do NOT have that hash" in evidence(dossier, "edited_image")


def test_the_proof_convinces_whoever_holds_the_logs_key(dossiers: Dossiers, day: Any, kit: Any) -> None:
    dossier = of(dossiers, day, "honest")
    signed = verify_proof_file(dossier.proof.encode(), dossier.entry.encode(), kit.KEY.verifier)
    assert signed.head.size == dossier.item("ledger").value["size"]
    assert json.loads(dossier.entry)["station"] == dossier.station
    with pytest.raises(InputError):
        verify_proof_file(dossier.proof.encode(), dossier.entry.encode() + b" ", kit.KEY.verifier)


def test_the_redactions_proof_names_rectangles_size_and_commitment(dossiers: Dossiers, day: Any) -> None:
    (shown,) = of(dossiers, day, "honest").item("redaction").value
    assert shown["commitment"] == "c1" * 32
    assert shown["visible"] == round((620 * 1600 + 620 * 480) / (640 * 2400), 4)


def test_a_withheld_image_says_why(dossiers: Dossiers, day: Any) -> None:
    item = of(dossiers, day, "withheld").item("image")
    assert item.state == "not_applicable" and "withheld" in item.text["en"]


def test_a_station_without_a_sheet_has_a_dossier_without_claims(dossiers: Dossiers, day: Any) -> None:
    dossier = of(dossiers, day, "missing")
    assert (dossier.standing, dossier.claims, dossier.votes) == ("missing", (), ())


def test_an_unknown_station_is_refused(dossiers: Dossiers) -> None:
    with pytest.raises(InputError, match="no polling station"):
        dossiers.of("999999999.99")


def test_imported_counts_answer_no_claim_about_paper(imported: Path) -> None:
    dossiers = Dossiers(open_bundle(imported))
    dossier = dossiers.of(next(iter(dossiers.tallies)))
    assert {str(claim.answer) for claim in dossier.claims} == {"open"}
    assert all("table that others published" in evidence(dossier, code) for code in CLAIMS)
    assert dossier.item("provenance").value == "published"


def test_the_country_is_counted_and_unread_is_not_zero(dossiers: Dossiers, day: Any) -> None:
    finding = summary(dossiers)
    value = {figure.name: figure.value for figure in finding.figures}
    assert value["with_decision"] == 13
    assert value["with_image"] == 12
    assert value["image_withheld"] == 1
    assert value["codes_unread"] == 1
    assert value["codes_damaged"] == 1
    assert (value["same_image"], value["same_payload"], value["same_sheet_code"]) == (2, 2, 2)
    assert value["same_lines"] == 2
    assert value["near_duplicates"] == 1
    assert value["qr_equals_print_differ"] == 1
    for name in ("uuid_repeated", "print_time_odd", "hmac_absent", "unsigned"):
        assert value[name] is None and finding.figure(name).why_not["en"]
    planted = {day.planted[role] for role in ("same_image", "image_of", "same_payload", "payload_of", "copy")}
    assert planted | {day.planted["copied_from"]} == set(finding.stations)


def test_without_the_extra_the_images_are_said_to_be_uncompared(day: Any) -> None:
    dossiers = Dossiers(open_bundle(day.path), images=False)
    assert summary(dossiers).figure("near_duplicates").value is None
    assert dossiers.of(day.planted["copy"]).item("near_duplicates").state == "not_read"


def test_a_dossier_is_plain_json(dossiers: Dossiers, day: Any) -> None:
    value = of(dossiers, day, "copy").as_json()
    assert json.loads(json.dumps(value, allow_nan=False)) == value
