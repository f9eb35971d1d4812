"""What a verification says: receipts by reason, a stable shape, and no silence about what was not checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from testigo.ledger import SigningKey
from testigo.verify import KINDS, verify
from testigo.verify.report import About, Findings, grouped, make_report

WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"cv2", "zxingcpp", "PIL", "django", "jinja2", "psycopg"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
import json
from testigo.ledger import parse_verifier_key
from testigo.verify import verify
report = verify(sys.argv[1], key=parse_verifier_key(sys.argv[2]))
print(json.dumps(report.as_json()))
assert not {"testigo.server", "testigo.tally", "testigo.reading.sheets"} & set(sys.modules)
"""

#: Stands in for a decoder that a hostile image crashes; runs in the reader's process.
DEADLY = """
import os
from testigo.verify.images import Seen

def work(task):
    if task[0] == {victim!r}:
        os._exit(139)
    return Seen(task[0])
"""


def test_receipts_are_listed_by_what_became_of_them(bundle: Path, key: SigningKey) -> None:
    receipts = dict(verify(bundle, key=key.verifier, images=False).receipts)
    assert receipts == {"total": 12, "read": 8, "same": 1, "empty": 1, "no_reading": 1, "never_opened": 1}
    assert sum(receipts.values()) == 2 * receipts["total"]


def test_the_headline_is_added_up_again(bundle: Path, key: SigningKey, day: Any) -> None:
    (total,) = verify(bundle, key=key.verifier, images=False).totals
    counted = [d.counts for _, d in day.last.values() if d.standing in ("confirmed", "imported")]
    assert total["stations"] == len(counted) == 127
    assert total["valid"] == sum(counts.valid for counts in counted)
    assert total["candidates"]["EG"] == sum(counts.candidates["EG"] for counts in counted)


def test_the_answer_has_the_documented_shape(bundle: Path) -> None:
    (bundle / "extra").write_text("")
    value = json.loads(json.dumps(verify(bundle, images=False).as_json("es")))
    assert value["verdict"] == "fail" and value["stations"] == 128 and value["images_checked"] == 9
    assert value["problems"] == [
        {"kind": "file_unlisted", "where": "extra", "what": "it is not in the manifest, so nobody signed it"}
    ]
    assert all(isinstance(one, str) for one in value["not_checked"])
    assert "NO pasa" in value["sentence"] and "extra" in value["sentence"]
    assert value["sentence"] == value["sentences"]["es"] != value["sentences"]["en"]


def test_with_the_base_install_images_are_hashed_and_the_rest_is_said(bundle: Path, key: SigningKey) -> None:
    command = [sys.executable, "-c", WITHOUT, str(bundle), key.verifier.encode()]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": ""}, check=True)
    value = json.loads(done.stdout)
    assert value["verdict"] == "pass" and (value["images_checked"], value["images_read"]) == (9, 0)
    assert "images not read again: install testigo[reading]" in value["not_checked"]
    assert "install testigo[reading]" in value["sentence"]


def test_an_unreadable_image_is_not_checked_and_not_a_lie(
    make_day: Any, day: Any, key: SigningKey, tmp_path: Path
) -> None:
    mine = make_day(day.profile)
    mine.read_code(0, mine.receive(b"\xff\xd8\xff damaged beyond reading"))
    mine.decide(0)
    report = verify(mine.write(tmp_path / "b", key).path, key=key.verifier)
    assert report.passed and (report.images_checked, report.images_read) == (1, 0)
    assert "unreadable_images" in {one.code for one in report.not_checked}
    assert "could not be read again: 1" in report.sentence("en")


def test_many_images_are_read_in_processes_with_the_same_answer(
    bundle: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = next(bundle.glob("sheets/*/*.jpg"))
    image.write_bytes(image.read_bytes()[:-1] + b"x")
    alone = verify(bundle, key=key.verifier)
    monkeypatch.setattr("testigo.verify.images._WORTH_PROCESSES", 1)
    together = verify(bundle, key=key.verifier)
    assert together.as_json() == alone.as_json() and not alone.passed


def test_an_image_that_kills_its_reader_is_named_and_the_others_are_read(
    bundle: Path, key: SigningKey, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    victim = sorted(path.relative_to(bundle).as_posix() for path in bundle.glob("sheets/*/*.jpg"))[4]
    (tmp_path / "deadly_decoder.py").write_text(DEADLY.format(victim=victim))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("testigo.verify.images._WORTH_PROCESSES", 1)
    monkeypatch.setattr("testigo.verify.images._CHUNK", 3)
    monkeypatch.setattr("testigo.verify.images._work", import_module("deadly_decoder").work)
    report = verify(bundle, key=key.verifier)
    assert [(problem.kind, problem.where) for problem in report.problems] == [("image", victim)]
    assert "kills the reader" in report.problems[0].what
    assert report.images_checked == 8


def test_a_million_differences_are_counted_and_not_all_listed() -> None:
    found = Findings()
    for number in range(1000):
        found.problem("table", f"row {number}", "differs")
    problems = make_report(found, _about()).problems
    assert len(problems) == 201 and problems[-1].what == "and 800 more of this kind"


def test_a_hostile_name_cannot_break_the_sentence() -> None:
    found = Findings()
    found.problem("file_unlisted", "evil\n\x1b[2Jname", "x")
    for language in ("es", "en"):
        assert make_report(found, _about()).sentence(language).isprintable()


def test_every_kind_has_words_in_both_languages() -> None:
    assert all(set(words) == {"es", "en"} and all(words.values()) for words in KINDS.values())
    assert (grouped(25073, "es"), grouped(25073, "en")) == ("25.073", "25,073")


def _about() -> Any:
    return About(names={"es": "Elección", "en": "Election"}, election="e", release=1)
