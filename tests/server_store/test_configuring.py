"""One database, one election: what was configured once must agree for ever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testigo.election import load_profile, write_register
from testigo.errors import InputError, InternalError
from testigo.records import ConfigurationLeaf
from testigo.simulate import invented_register


def _configure(place: Any, **changes: Any) -> Any:
    from testigo.server import operations

    given = {"profile": place.profile, "register": place.country.register_file, "rehearsal": True, **changes}
    return operations.configure(place.home, given["profile"], given["register"], rehearsal=given["rehearsal"])


def _configurations(place: Any) -> list[ConfigurationLeaf]:
    return [leaf for leaf in place.leaves() if isinstance(leaf, ConfigurationLeaf)]


def test_the_first_leaf_names_profile_register_readers_and_key(place: Any) -> None:
    (leaf,) = _configurations(place)
    assert place.leaves() == [leaf]
    assert (leaf.election, leaf.profile) == ("ve2024", place.profile.sha256)
    assert leaf.rehearsal
    assert leaf.intake_key == (place.home / "keys" / "intake.vkey").read_text().strip()
    assert set(leaf.readers) == {"qr/zxing-cpp", "qr/soft", "print/rapidocr", "person"}


def test_the_same_again_adds_nothing(place: Any) -> None:
    keys = {path.name: path.read_bytes() for path in (place.home / "keys").iterdir()}
    _configure(place)
    _configure(place, register=None)
    assert len(place.leaves()) == 1
    assert {path.name: path.read_bytes() for path in (place.home / "keys").iterdir()} == keys


def test_another_profile_register_or_kind_is_an_error_and_changes_nothing(place: Any, tmp_path: Path) -> None:
    other = tmp_path / "register.parquet"
    write_register(invented_register(place.profile, 5, 99), other)
    for changes, what in (
        ({"profile": load_profile("altamar2031"), "register": None}, "another profile"),
        ({"profile": load_profile("ve2024"), "register": None}, "another profile"),
        ({"register": other}, "another register"),
        ({"rehearsal": False}, "a rehearsal, for ever"),
    ):
        with pytest.raises(InputError, match=what):
            _configure(place, **changes)
    assert len(place.leaves()) == 1
    assert place.rows("SELECT code, rehearsal FROM election") == [("ve2024", True)]


def test_a_new_reader_is_logged_before_it_reads(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from testigo import reading

    monkeypatch.setattr(reading, "reader_versions", lambda: {"qr/zxing-cpp": "9.9"})
    _configure(place)
    _configure(place)
    assert [leaf.readers["qr/zxing-cpp"] for leaf in _configurations(place)][1:] == ["9.9"]


def test_a_lost_or_foreign_key_does_not_sign_this_log(place: Any, tmp_path: Path) -> None:
    key = place.home / "keys" / "log.key"
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(InputError, match="keys are not in"):
        _configure(place)
    assert not key.exists(), "a new key would make another log"
    from testigo.ledger import generate_key, write_signing_key

    write_signing_key(key, generate_key("testigo/ve2024/ffffffff"))
    with pytest.raises(InputError, match="not the one that signed"):
        _configure(place)
    key.unlink()
    key.write_bytes(kept)
    key.chmod(0o600)
    _configure(place)
    assert len(place.leaves()) == 1


def test_keys_are_for_their_owners_eyes(place: Any) -> None:
    for name in ("log.key", "intake.key"):
        assert (place.home / "keys" / name).stat().st_mode & 0o077 == 0


def test_killed_while_keys_were_drawn_it_goes_on(tmp_path: Path) -> None:
    from testigo.server import keys

    keys.ensure_keys(tmp_path, "testigo/x")
    drawn = (tmp_path / "log.key").read_bytes()
    (tmp_path / "log.vkey").unlink()
    (tmp_path / "intake.key").write_bytes(b"")
    (tmp_path / "intake.vkey").unlink()
    keys.ensure_keys(tmp_path, "testigo/x")
    assert (tmp_path / "log.key").read_bytes() == drawn
    assert keys.log_key(tmp_path).verifier.encode() == (tmp_path / "log.vkey").read_text().strip()
    assert keys.intake_key(tmp_path).verifier.encode() == (tmp_path / "intake.vkey").read_text().strip()


def test_two_processes_configure_an_empty_database_at_once(
    server: Any, place_of: Callable[..., Any], venezuela: Any, tmp_path: Path
) -> None:
    place = place_of(venezuela)
    server.create_database(f"{place.name}_empty")
    place.name, place.home = f"{place.name}_empty", tmp_path / "home"
    program = (
        "import sys; from pathlib import Path; from testigo.election import load_profile; "
        "from testigo.server import operations as o; "
        "o.configure(Path(sys.argv[1]), load_profile(Path(sys.argv[2])), Path(sys.argv[3]), rehearsal=True)"
    )
    words = [sys.executable, "-c", program, str(place.home), str(venezuela.folder), str(venezuela.register_file)]
    running = [subprocess.Popen(words, env=place.environment) for _ in range(2)]
    assert [process.wait(100) for process in running] == [0, 0]
    assert len(place.leaves()) == 1
    assert place.rows("SELECT count(*) FROM election") == [(1,)]


def test_a_process_works_in_one_home_alone(place: Any, tmp_path: Path) -> None:
    from testigo.server import operations
    from testigo.server.configuration import configuration

    assert configuration().home == place.home
    with pytest.raises(InternalError, match="was asked to work in"):
        operations.prepare(tmp_path / "other")


def test_tables_and_migrations_say_the_same(place: Any) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "store", check=True, dry_run=True, verbosity=0)
