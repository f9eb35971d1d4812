"""Step 9: every published image is the logged one, and still says what was read from it.

Rules of this module
--------------------
1. Each image is read from the disk once: the same bytes are hashed and looked at.
2. An image that shows other numbers than its reading, or another station's sheet, is a problem. One that cannot be read
   again is *not checked*: the published copy is redacted and re-encoded, and damage is no lie.
3. Reading needs the extra ``testigo[reading]``; without it images are hashed, and the report says so.
4. Images come from strangers. They are decoded in processes of their own, so that one that kills its reader is reported
   and does not end the verification.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from testigo.bundle import Leaves, Manifest
from testigo.bundle.files import read_file
from testigo.bundle.manifest import image_of, image_path
from testigo.election import Profile, find_payload, parse_profile
from testigo.election.simulacro import says_simulacro
from testigo.errors import InputError
from testigo.records import Counts, Evidence, Opening, PublicReading
from testigo.verify.report import Findings

Progress = Callable[[str, int, int], None]
#: Below these numbers a process of its own, or a second one, costs more than it saves.
_WORTH_PROCESSES, _WORTH_TWO = 40, 200
_CHUNK = 8


@dataclass(frozen=True, slots=True)
class Seen:
    """What one image turned out to be.

    Attributes:
        path: in the bundle.
        problem: why it is not what the manifest says; empty if it is.
        refused: why the reader refused it (an :class:`Opening`); empty if it did not.
        sheets: (contest, station, counts) of every sheet found on it.
        looked: whether it was read at all.
    """

    path: str
    problem: str = ""
    refused: str = ""
    sheets: tuple[tuple[str, str, Counts], ...] = ()
    looked: bool = False


Task = tuple[str, int, bool]
"""An image's path, its size, and whether to read it."""


def check_images(
    root: Path,
    manifest: Manifest,
    profile: Profile,
    leaves: Leaves,
    present: Iterable[str],
    found: Findings,
    *,
    read: bool,
    progress: Progress | None = None,
) -> None:
    """Hash every image, and read again those that carry a reading of their code.

    Args:
        present: paths of the images that are in the folder.
        read: whether images shall be read again.
    """
    expected = _expected(leaves)
    listed = set(manifest.images)
    for digest in sorted(listed - set(leaves.images)):
        found.problem("image", image_path(digest), "no opened leaf of the log names it")
    for digest in sorted(set(leaves.images) - listed):
        found.problem("image", image_path(digest), "a leaf of the log names it, and the bundle does not hold it")
    can_read = read and _reading_installed(found, bool(listed))
    if listed and not read:
        found.skip("images", "las imágenes no se volvieron a leer (--no-images)", "images not read again (--no-images)")
    tasks = [(path, manifest.files[path].size, can_read and image_of(path) in expected) for path in sorted(present)]
    unreadable: list[str] = []
    for done, seen in enumerate(_look(root, profile.source, leaves.rehearsal, tasks), 1):
        _judge(seen, expected.get(image_of(seen.path), ()), unreadable, found)
        if progress is not None:
            progress("images", done, len(tasks))
    _say_what_was_not_read(tasks, unreadable, can_read, found)


def _expected(leaves: Leaves) -> dict[str, tuple[tuple[int, PublicReading], ...]]:
    """Image -> the readings of its code, those that needed the print too: whoever names the print is not let off."""
    expected: dict[str, tuple[tuple[int, PublicReading], ...]] = {}
    for index, reading in leaves.readings.items():
        if reading.opened is not None and Evidence.QR in reading.evidence:
            image = leaves.opened[reading.opened].image
            if image:
                expected[image] = (*expected.get(image, ()), (index, reading))
    return expected


def _reading_installed(found: Findings, needed: bool) -> bool:
    if not needed:
        return False
    try:
        import testigo.reading
    except ImportError:
        found.skip(
            "images",
            "las imágenes no se volvieron a leer: instale testigo[reading]",
            "images not read again: install testigo[reading]",
        )
        return False
    return bool(testigo.reading.READER)


def _judge(seen: Seen, readings: Sequence[tuple[int, PublicReading]], unreadable: list[str], found: Findings) -> None:
    if seen.problem:
        found.problem("image", seen.path, seen.problem)
        return
    found.images_checked += 1
    if not seen.looked:
        return
    if seen.refused == Opening.SIMULACRO:
        found.problem("image", seen.path, "it is a drawing (SIMULACRO), and this is no rehearsal")
        return
    if not seen.sheets:
        unreadable.append(seen.path)
        return
    good = True
    for index, reading in readings:
        shown = [sheet for sheet in seen.sheets if sheet[:2] == (reading.contest, reading.station)]
        if not shown:
            others = ", ".join(f"{contest} {station}" for contest, station, _ in seen.sheets)
            what = f"leaf {index} reads {reading.contest} {reading.station} on it, and it shows {others}"
        elif any(counts.agrees_with(reading.counts) for _, _, counts in shown):
            continue
        else:
            what = f"leaf {index} reads {_plain(reading.counts)} on it, and it shows {_plain(shown[0][2])}"
        good = False
        found.problem("image", seen.path, what)
    found.images_read += good


def _plain(counts: Counts) -> str:
    return ", ".join(f"{code} {votes}" for code, votes in counts.candidates.items())


def _say_what_was_not_read(tasks: Sequence[Task], unreadable: Sequence[str], can_read: bool, found: Findings) -> None:
    if unreadable:
        names = ", ".join(unreadable[:3]) + (" …" if len(unreadable) > 3 else "")
        found.skip(
            "unreadable_images",
            f"imágenes cuyo código no se pudo volver a leer: {len(unreadable)} ({names})",
            f"images whose code could not be read again: {len(unreadable)} ({names})",
        )
    without = sum(not wanted for _, _, wanted in tasks)
    if can_read and without:
        found.skip(
            "images_without_code",
            f"lo que muestran las imágenes de las que no se leyó ningún código ({without}): solo se comparó su huella",
            f"what the images show of which no code was read ({without}): only their hash was compared",
        )


# --------------------------------------------------------------------------- looking, in processes


def _look(root: Path, profile: bytes, rehearsal: bool, tasks: Sequence[Task]) -> Iterator[Seen]:
    """Each task's answer; order is not kept after a crash."""
    if len(tasks) < _WORTH_PROCESSES or not any(read for _, _, read in tasks):
        look = _Looker(root, profile, rehearsal)
        yield from (look(task) for task in tasks)
        return
    rest: Sequence[Task] = tasks
    workers = 1 if len(tasks) < _WORTH_TWO else max(2, min(os.cpu_count() or 1, 8))
    arguments = (root, profile, rehearsal)
    try:
        # Not "fork": this process has threads (Arrow's, DuckDB's), and a fork would copy their locks.
        context = get_context("spawn")
        with ProcessPoolExecutor(workers, context, _start, arguments) as pool:
            for done, seen in enumerate(pool.map(_work, tasks, chunksize=_CHUNK), 1):
                yield seen
                rest = tasks[done:]
    except BrokenProcessPool:
        if _processes_work(arguments):
            yield from _one_by_one(rest, arguments)
        else:  # the machine's fault, not an image's: for example a program without `if __name__ == "__main__"`
            look = _Looker(*arguments)
            yield from (look(task) for task in rest)


def _processes_work(arguments: tuple[Path, bytes, bool]) -> bool:
    """Whether a process that opens no image ends well: before any image is accused."""
    try:
        _alone([], arguments)
    except BrokenProcessPool:
        return False
    return True


def _one_by_one(tasks: Sequence[Task], arguments: tuple[Path, bytes, bool]) -> Iterator[Seen]:
    """After a reader died: small batches, each in a process of its own, then the guilty batch image by image."""
    remaining = iter(tasks)
    while batch := list(islice(remaining, _CHUNK)):
        try:
            yield from _alone(batch, arguments)
        except BrokenProcessPool:
            for task in batch:
                try:
                    yield from _alone([task], arguments)
                except BrokenProcessPool:
                    yield Seen(task[0], "reading it kills the reader: do not open it with other programs")


def _alone(batch: Sequence[Task], arguments: tuple[Path, bytes, bool]) -> list[Seen]:
    with ProcessPoolExecutor(1, get_context("spawn"), _start, arguments) as pool:
        pool.submit(_nothing).result()
        return list(pool.map(_work, batch, chunksize=max(1, len(batch))))


class _Looker:
    """Hashes and reads images of one bundle."""

    def __init__(self, root: Path, profile: bytes, rehearsal: bool) -> None:
        self._root, self._profile, self._rehearsal = root, parse_profile(profile), rehearsal

    def __call__(self, task: Task) -> Seen:
        path, size, read = task
        try:
            data = read_file(self._root, path, size)
        except InputError as error:
            return Seen(path, error.problems[0].problem if error.problems else error.message)
        digest = sha256(data).hexdigest()
        if digest != image_of(path):
            return Seen(path, f"its SHA-256 is {digest}: it was altered")
        return self._read(path, data) if read else Seen(path)

    def _read(self, path: str, data: bytes) -> Seen:
        """Codes at half size, among them a drawing's marks; the reader's whole ladder if that finds no sheet."""
        from testigo.reading import OpenedImage, find_codes, open_image, read_sheet

        image = open_image(data)
        if isinstance(image, OpenedImage):
            texts = [code.text for code in find_codes(image.half(), 2)]
            if says_simulacro(texts) and not self._rehearsal:
                return Seen(path, "", Opening.SIMULACRO.value, (), True)
            payloads = [payload for text in texts if (payload := find_payload(self._profile.contests, text))]
            if payloads:
                sheets = tuple((one.code.contest, one.code.station, one.counts) for one in payloads)
                return Seen(path, "", "", sheets, True)
            answer = read_sheet(self._profile, image, rehearsal=self._rehearsal, print_mode="never")
        else:
            answer = read_sheet(self._profile, data, rehearsal=self._rehearsal, print_mode="never")
        found = tuple((sheet.contest, sheet.station, sheet.counts) for sheet in answer.found)
        return Seen(path, "", answer.refusal.outcome.value if answer.refusal else "", found, True)


_looker: list[_Looker] = []


def _start(root: Path, profile: bytes, rehearsal: bool) -> None:
    _looker.append(_Looker(root, profile, rehearsal))


def _nothing() -> None:
    """A task that cannot fail."""


def _work(task: Task) -> Seen:
    return _looker[0](task)
