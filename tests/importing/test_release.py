"""A published table as a bundle: what stands in it, what does not, and what happens when something is in the way."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from testigo.bundle import open_bundle
from testigo.election import read_register, write_register
from testigo.errors import InputError
from testigo.importing import build_register, import_table, read_table, register_of
from testigo.ledger import generate_key, open_checkpoint, parse_verifier_key, write_signing_key
from testigo.records import ConfigurationLeaf, Decision, PublicReading, ReceiptLeaf
from testigo.review import RegisterFacts, decide

NOON = dt.datetime(2024, 8, 1, 12, tzinfo=dt.UTC)


def test_every_row_is_a_reading_and_a_decision_and_nothing_arrived(
    profile: Any, first: Any, station: Any, tmp_path: Path
) -> None:
    done = import_table(profile, first([station(n) for n in range(45)]), tmp_path / "B", made=NOON)
    bundle = open_bundle(done.path)
    leaves = [leaf for _, leaf in bundle.leaves()]
    assert isinstance(leaves[0], ConfigurationLeaf)
    assert (leaves[0].rehearsal, leaves[0].readers, leaves[0].intake_key) == (False, {"published-table": "1"}, "")
    readings = [leaf for leaf in leaves if isinstance(leaf, PublicReading)]
    decisions = [leaf for leaf in leaves if isinstance(leaf, Decision)]
    assert len(readings) == len(decisions) == done.stations == 45
    assert not any(isinstance(leaf, ReceiptLeaf) for leaf in leaves)
    assert {leaf.standing for leaf in decisions} == {leaf.rule for leaf in decisions} == {"imported"}
    assert {leaf.provenance for leaf in decisions} == {"published"}
    table = read_table(profile, tmp_path / "first.csv")
    assert [(leaf.source, leaf.line) for leaf in readings] == [(table.sha256, n) for n in range(2, 47)]
    assert bundle.tallies["valid"].to_pylist().count(None) == 0
    assert sum(bundle.tallies["c_EG"].to_pylist()) == sum(station(n)["EG"] for n in range(45))


def test_a_stranger_can_replay_every_decision_from_the_bundle(
    profile: Any, second: Any, station: Any, tmp_path: Path
) -> None:
    bundle = open_bundle(import_table(profile, second([station(n) for n in range(9)]), tmp_path / "B").path)
    facts, log = RegisterFacts(bundle.register), bundle.log
    for (contest, code), history in log.decisions.items():
        for _, decision in history:
            known = facts.of(code, decision.same_image, decision.provenance)
            readings = [(leaf, log.readings[leaf]) for leaf in decision.inputs]
            assert decide(bundle.profile, code, contest, readings, known) == decision


def test_the_checkpoint_is_signed_by_the_key_that_is_reported(
    profile: Any, first: Any, station: Any, tmp_path: Path
) -> None:
    done = import_table(profile, first([station(0)]), tmp_path / "B", made=NOON)
    key = parse_verifier_key(done.verifier_key)
    assert open_checkpoint(open_bundle(done.path).checkpoint, key).checkpoint.time == int(NOON.timestamp())
    assert done.key_file == tmp_path / "B.log-key"
    assert done.key_file.stat().st_mode & 0o077 == 0


def test_no_private_key_and_no_link_is_in_the_bundle(profile: Any, first: Any, station: Any, tmp_path: Path) -> None:
    done = import_table(profile, first([station(0)]), tmp_path / "B")
    everything = b"".join(path.read_bytes() for path in done.path.rglob("*") if path.is_file())
    assert b"PRIVATE" not in everything
    assert b"example.org" not in everything
    assert b"import.ve2024" in everything  # the search would have found it


def test_a_given_key_signs_and_may_not_lie_in_the_bundle(
    profile: Any, first: Any, station: Any, tmp_path: Path
) -> None:
    key = generate_key("example.org/log")
    write_signing_key(tmp_path / "key", key)
    done = import_table(profile, first([station(0)]), tmp_path / "B", log_key=tmp_path / "key")
    assert (done.verifier_key, done.key_file) == (key.verifier.encode(), None)
    assert not (tmp_path / "B.log-key").exists()
    with pytest.raises(InputError, match="inside the bundle"):
        import_table(profile, first([station(0)]), tmp_path / "C", log_key=tmp_path / "C" / "key")


def test_an_import_that_was_finished_is_not_done_again(profile: Any, first: Any, station: Any, tmp_path: Path) -> None:
    path = first([station(n) for n in range(3)])
    done = import_table(profile, path, tmp_path / "B", made=NOON)
    before = {file: file.read_bytes() for file in done.path.rglob("*") if file.is_file()}
    again = import_table(profile, path, tmp_path / "B")
    assert (again.again, again.verifier_key) == (True, done.verifier_key)
    assert {file: file.read_bytes() for file in done.path.rglob("*") if file.is_file()} == before


def test_another_bundle_is_never_overwritten(profile: Any, first: Any, station: Any, tmp_path: Path) -> None:
    done = import_table(profile, first([station(0)]), tmp_path / "B", made=NOON)
    before = (done.path / "manifest.json").read_bytes()
    with pytest.raises(InputError, match="another bundle"):
        import_table(profile, first([station(0), station(1)], "more.csv"), tmp_path / "B")
    assert (done.path / "manifest.json").read_bytes() == before


def test_a_key_that_signed_one_import_does_not_sign_another(
    profile: Any, first: Any, station: Any, tmp_path: Path
) -> None:
    import_table(profile, first([station(0)]), tmp_path / "B").path.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="belongs to another import"):
        import_table(profile, first([station(1)]), tmp_path / "B")
    assert not (tmp_path / "B").exists()


def test_a_folder_with_other_files_is_left_alone(profile: Any, first: Any, station: Any, tmp_path: Path) -> None:
    out = tmp_path / "photos"
    out.mkdir()
    (out / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match="holds other files"):
        import_table(profile, first([station(0)]), out)
    assert [path.name for path in out.iterdir()] == ["holiday.jpg"]


def test_a_table_with_a_problem_leaves_nothing_behind(profile: Any, first: Any, station: Any, tmp_path: Path) -> None:
    path = first([station(0), station(1, EG="-1")])
    with pytest.raises(InputError):
        import_table(profile, path, tmp_path / "B")
    assert [entry.name for entry in tmp_path.iterdir()] == ["first.csv"]


def test_what_a_killed_import_left_is_cleared_away(profile: Any, first: Any, station: Any, tmp_path: Path) -> None:
    (tmp_path / "B.partial").mkdir()
    (tmp_path / "B.partial" / "tallies.csv").write_text("half")
    done = import_table(profile, first([station(0)]), tmp_path / "B")
    assert not (tmp_path / "B.partial").exists()
    assert open_bundle(done.path).tallies.num_rows == 1


def test_a_station_that_the_register_lacks_is_a_problem(profile: Any, first: Any, station: Any, tmp_path: Path) -> None:
    register = build_register(profile, [first([station(n) for n in range(4)])])
    path = first([station(n) for n in range(6)], "more.csv")
    with pytest.raises(InputError) as caught:
        import_table(profile, path, tmp_path / "B", register=register)
    assert [(p.line, p.field) for p in caught.value.problems] == [(6, "CENTRO"), (7, "CENTRO")]
    assert not (tmp_path / "B").exists()


def test_with_a_register_stations_without_a_row_are_in_the_bundle(
    profile: Any, first: Any, second: Any, station: Any, tmp_path: Path
) -> None:
    write_register(build_register(profile, [first([station(n) for n in range(6)])]), tmp_path / "register.csv")
    register = read_register(profile, tmp_path / "register.csv")
    done = import_table(profile, second([station(n) for n in range(4)]), tmp_path / "B", register=register)
    bundle = open_bundle(done.path)
    assert (len(bundle.register), bundle.tallies.num_rows, bundle.register.complete) == (6, 4, True)
    _, decision = bundle.history("presidente", "010101001.01")[0]
    outcomes = {check.rule: check.outcome for check in decision.checks}
    assert (outcomes["station_exists"], outcomes["total_within_electors"]) == ("pass", "pass")


def test_without_a_register_electors_of_the_country_are_unknown_not_zero(
    profile: Any, first: Any, station: Any
) -> None:
    register = register_of(profile, [read_table(profile, first([station(0), station(1)]))])
    assert (register.complete, register.total_electors) == (False, None)
    assert register.find("010101001.01").electors == 900  # type: ignore[union-attr]
    assert register.find("010101001.01").areas == ("01", "0101", "010101")  # type: ignore[union-attr]


def test_a_register_from_two_tables_knows_what_either_knows(
    profile: Any, first: Any, second: Any, station: Any
) -> None:
    paths = [first([station(0), station(1)]), second([station(1), station(2)])]
    for order in (paths, paths[::-1]):
        register = build_register(profile, order)
        assert register.table["electors"].to_pylist() == [900, 900, None]
        assert (register.complete, register.total_stations) == (True, 30026)


def test_tables_that_contradict_each_other_make_no_register(
    profile: Any, first: Any, second: Any, station: Any
) -> None:
    paths = [
        first([station(0), station(1)], "a.csv"),
        first([station(0, RE=800), station(1)], "b.csv"),
        second([station(1, MUN="MP. OTRO")], "c.csv"),
    ]
    with pytest.raises(InputError) as caught:
        build_register(profile, paths)
    found = {(Path(p.file).name, p.line) for p in caught.value.problems}
    assert found == {("b.csv", 2), ("c.csv", 2)}


def test_problems_of_all_tables_are_reported_together(profile: Any, first: Any, station: Any) -> None:
    paths = [first([station(0, EG="-1")], "a.csv"), first([station(0, NM="x")], "b.csv")]
    with pytest.raises(InputError) as caught:
        build_register(profile, paths)
    assert [(Path(p.file).name, p.field) for p in caught.value.problems] == [("a.csv", "EG"), ("b.csv", "NM")]
    with pytest.raises(InputError, match="at least one"):
        build_register(profile, [])
