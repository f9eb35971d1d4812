"""Publishing again, being killed, and what must not be touched."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testigo.errors import InputError
from testigo.publish import publish
from testigo.publish.output import STATE


def tree(site: Path) -> dict[str, bytes]:
    """Every file with its bytes, the state file apart."""
    return {
        str(path.relative_to(site)): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file() and path.name != STATE
    }


def more_sheets(kit: Any, world: Any) -> str:
    """One more station reports; its code."""
    contest = world.profile.contests[0]
    station: str = next(code for code in world.register.rows if (contest.code, code) not in world.decisions)
    counts = world.votes(contest)
    opened = world.arrive(*kit.draw_sheet(contest, counts, kit.sheet_size(world.profile)))
    for person in (1, 2):
        world.read(contest.code, station, counts, opened, person, printed={"valid": counts.valid})
    world.decide(contest.code, station)
    return station


def test_publishing_twice_writes_nothing(altamar_site: Any, copy_of: Any) -> None:
    site = copy_of(altamar_site.site)
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*") if path.is_file()}
    report = publish(altamar_site.bundle, site)
    assert (report.written, report.removed) == (0, 0)
    assert report.unchanged == len(before) - 1
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*") if path.is_file()} == before


def test_one_more_sheet_changes_its_own_pages_and_no_other(kit: Any, tmp_path: Path) -> None:
    world = kit.altamar()
    publish(world.write(tmp_path / "b1"), tmp_path / "site")
    before = tree(tmp_path / "site")
    station = more_sheets(kit, world)
    report = publish(world.write(tmp_path / "b2"), tmp_path / "site")
    after = tree(tmp_path / "site")
    changed = {path for path in after if before.get(path) != after[path]}
    assert len(changed) == report.written
    touched = {Path(path).stem for path in changed if "/s/" in path}
    assert touched == {code for code in world.register.rows if code[:5] == station[:5]}
    assert not [path for path in changed if path.startswith(("es/asamblea/s/", "es/asamblea/c/"))]
    assert f"es/presidencia/a/{station[0]}.html" in changed
    other = "P" if station[0] != "P" else "S"
    assert f"es/presidencia/a/{other}A.html" not in changed
    assert "Desde la anterior cambió algo en 1 urnas" in after["es/index.html"].decode()
    assert station in after["es/changes.html"].decode()
    assert "Llegaron más hojas." in after["es/changes.html"].decode()


def test_an_untouched_station_keeps_the_proof_at_its_own_checkpoint(kit: Any, tmp_path: Path) -> None:
    world = kit.altamar()
    publish(world.write(tmp_path / "b1"), tmp_path / "site")
    assert world.last is not None
    page = "es/presidencia/s/NA01/NA011-A.html"
    before = (tmp_path / "site" / page).read_bytes()
    station = more_sheets(kit, world)
    publish(world.write(tmp_path / "b2"), tmp_path / "site")
    assert (tmp_path / "site" / page).read_bytes() == before
    new = (tmp_path / f"site/es/presidencia/s/{station[:4]}/{station}.html").read_text("utf-8")
    assert "desde la publicación 2" in new
    assert "desde la publicación 1" in before.decode()


def test_history_tells_what_stood_before(kit: Any, tmp_path: Path) -> None:
    world = kit.altamar()
    contest = world.profile.contests[0]
    key = next(key for key, (_, one) in world.decisions.items() if one.standing == "documented" and not one.flags)
    publish(world.write(tmp_path / "b1"), tmp_path / "site")
    first = world.readings[key][0][1]
    world.read(contest.code, key[1], first.counts, first.opened, 7)
    world.decide(*key)
    publish(world.write(tmp_path / "b2"), tmp_path / "site")
    text = (tmp_path / f"site/en/{key[0]}/s/{key[1][:4]}/{key[1]}.html").read_text("utf-8")
    lines = re.findall(r"<li>(Release \d: [^.]*)\.", text)
    assert lines == [
        "Release 1: with an image of the sheet, not yet confirmed",
        "Release 2: confirmed by two readings",
    ]


def test_a_station_that_leaves_the_register_leaves_the_site(kit: Any, tmp_path: Path) -> None:
    world = kit.altamar()
    publish(world.write(tmp_path / "b1"), tmp_path / "site")
    gone = "SB012-B"
    rows = {row["station"]: row["centre"] for row in world.register.table.to_pylist() if row["station"] != gone}
    smaller = kit.World(world.profile, kit.make_register(world.profile, rows), rehearsal=True)
    report = publish(smaller.write(tmp_path / "b2"), tmp_path / "site")
    assert report.removed > 0
    assert not list((tmp_path / "site").rglob(f"*{gone}*"))
    publish(tmp_path / "b2", tmp_path / "fresh")
    assert tree(tmp_path / "site") == tree(tmp_path / "fresh")


def test_another_log_is_published_anew_with_its_own_proofs(kit: Any, tmp_path: Path) -> None:
    publish(kit.altamar(seed=1).write(tmp_path / "b1"), tmp_path / "site")
    publish(kit.altamar(seed=2).write(tmp_path / "b2"), tmp_path / "site")
    publish(tmp_path / "b2", tmp_path / "fresh")
    assert tree(tmp_path / "site") == tree(tmp_path / "fresh")


_KILLED = """
import os, signal, sys
from testigo.publish import output, publish
write, left = output.Writer.write, int(sys.argv[3])
def counting(self, path, data):
    global left
    left -= 1
    if left == 0:
        os.makedirs(os.path.dirname(f"{self._out}/{path}"), exist_ok=True)
        with open(f"{self._out}/{path}", "wb") as half:  # torn in the middle of a write
            half.write(data[: len(data) // 2])
            half.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    write(self, path, data)
output.Writer.write = counting
publish(sys.argv[1], sys.argv[2])
"""


@pytest.mark.parametrize("after", [1, 60, 300, 470])
def test_killed_midway_and_run_again_gives_the_same_site(altamar_site: Any, tmp_path: Path, after: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(altamar_site.bundle), str(tmp_path / "site"), str(after)],
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    publish(altamar_site.bundle, tmp_path / "site")
    assert tree(tmp_path / "site") == tree(altamar_site.site)


def test_killed_while_updating_and_then_given_yet_another_release(kit: Any, tmp_path: Path) -> None:
    world = kit.altamar()
    publish(world.write(tmp_path / "b1"), tmp_path / "site")
    more_sheets(kit, world)
    world.write(tmp_path / "b2")
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "b2"), str(tmp_path / "site"), "20"], check=False)
    publish(kit.altamar(seed=5).write(tmp_path / "b3"), tmp_path / "site")
    publish(tmp_path / "b3", tmp_path / "fresh")
    assert tree(tmp_path / "site") == tree(tmp_path / "fresh")


def test_a_page_that_somebody_deleted_comes_back(altamar_site: Any, copy_of: Any) -> None:
    site = copy_of(altamar_site.site)
    page = site / "en/presidencia/a/N.html"
    page.unlink()
    assert publish(altamar_site.bundle, site).written == 2  # the page in both languages
    assert tree(site) == tree(altamar_site.site)


def test_a_folder_of_other_things_is_refused_and_a_servers_own_file_is_left(altamar_site: Any, copy_of: Any) -> None:
    site = copy_of(altamar_site.site)
    (site / ".htaccess").write_text("# ours")
    publish(altamar_site.bundle, site)
    assert (site / ".htaccess").read_text() == "# ours"
    other = site.parent / "holiday"
    other.mkdir()
    (other / "photo.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match="is no site"):
        publish(altamar_site.bundle, other)
    assert [path.name for path in other.iterdir()] == ["photo.jpg"]


def test_the_site_carries_the_whole_bundle_as_it_was(altamar_site: Any) -> None:
    def files(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert files(altamar_site.site / "bundle") == files(altamar_site.bundle)


def test_a_damaged_bundle_is_not_published(altamar_site: Any, tmp_path: Path) -> None:
    shutil.copytree(altamar_site.bundle, tmp_path / "bundle")
    image = next((tmp_path / "bundle/sheets").rglob("*.jpg"))
    image.write_bytes(image.read_bytes()[:-1] + b"!")
    with pytest.raises(InputError, match="not those that the manifest names"):
        publish(tmp_path / "bundle", tmp_path / "site")
