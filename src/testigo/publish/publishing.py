"""From a bundle to a site on the disk; see the list in :mod:`testigo.publish`.

Rules of this module
--------------------
1. Whatever happens midway, publishing again ends in the same site.
2. A second publication costs what changed: everything else is left alone, byte for byte.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testigo.bundle.read import Bundle, open_bundle
from testigo.errors import InputError, WireError
from testigo.publish.areas import AreaPages
from testigo.publish.assets import card_head, card_path, card_unit, shared_units, source_digest
from testigo.publish.context import Site
from testigo.publish.downloads import bundle_units, downloads_unit
from testigo.publish.fixed import fixed_units
from testigo.publish.front import front_unit, why_units
from testigo.publish.log import Log
from testigo.publish.model import ContestModel, Places
from testigo.publish.output import (
    STATE,
    State,
    Unit,
    Writer,
    announced,
    digest,
    files_below,
    read_state,
    remove_files,
    stale,
    write_state,
)
from testigo.publish.release import changed_stations
from testigo.publish.render import Frame, environment
from testigo.publish.search import search_units
from testigo.publish.stations import station_units
from testigo.publish.tables import AreaTables
from testigo.publish.words import Words, languages_of

#: Told (what is being done, how much of it is done, out of how many).
Progress = Callable[[str, int, int], None]
_TOLD_EVERY = 200


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What a publication did, in files.

    Attributes:
        written: new or changed.
        unchanged: left alone.
        removed: no longer part of the site.
        pages: HTML pages that the site has now.
    """

    written: int
    unchanged: int
    removed: int
    pages: int


def publish(
    bundle_path: Path | str, out: Path | str, *, base_url: str = "", progress: Progress | None = None
) -> PublishReport:
    """Publish a bundle as a site in the folder ``out``, or bring that site up to date.

    Args:
        bundle_path: the bundle's folder.
        out: the site's folder; new, empty, or a site that this function made.
        base_url: where the site will be, for the picture of a forwarded link alone; the site works anywhere.
        progress: told every so often.

    Raises:
        InputError: the bundle cannot be used, or ``out`` holds something else.
        WireError: the disk.
    """
    bundle, folder = open_bundle(bundle_path), Path(out)
    if folder.resolve().is_relative_to(bundle.path.resolve()):
        raise InputError("The site cannot lie within the bundle.", "Give a folder beside it.")
    state = read_state(folder)  # 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WireError(f"{folder.name} cannot be made: {error.strerror}.", "Check the path and the disk.") from error
    with _collector_resting():
        site = build_site(bundle, state)  # 2
        units = list(all_units(site, bundle, base_url))  # 3
        gc.freeze()
    try:
        return _write(folder, state, units, site.log.checkpoints, progress)  # 4
    finally:
        gc.unfreeze()


@contextmanager
def _collector_resting() -> Iterator[None]:
    """The models are a million tuples that live to the end: the cycle collector would walk them again and again."""
    resting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if resting:
            gc.enable()


def build_site(bundle: Bundle, state: State) -> Site:
    """The models of a bundle. ``state`` gives the checkpoints at which earlier proofs were made."""
    profile, manifest = bundle.profile, bundle.manifest
    places = Places(profile, bundle.register)
    log = Log(bundle.ledger, bundle.tallies["decision"].to_pylist(), state.checkpoints)
    common = digest(source_digest(), profile.sha256, manifest.rehearsal, manifest.origin)
    models = {contest.code: ContestModel(bundle, contest, places, log, common) for contest in profile.contests}
    words = {language: Words(profile, language) for language in languages_of(profile)}
    frames = {}
    for language, own in words.items():
        env = environment(own)
        others = [other for code, other in words.items() if code != language]
        for place, contest in enumerate(profile.contests):
            path = "index.html" if place == 0 else f"{contest.code}/index.html"
            name = own.of(profile.name)
            frames[language, contest.code] = Frame(env, own, others, contest.code, path, name, manifest.rehearsal)
    return Site(
        profile, manifest, places, log, models, words, frames, common, bundle.ledger.signers, changed_stations(bundle)
    )


def all_units(site: Site, bundle: Bundle, base_url: str) -> Iterator[Unit]:
    """Everything that the site consists of. What a page needs stands before it; the front pages come last."""
    yield from bundle_units(bundle)
    yield from shared_units(site.profile)
    yield from search_units(site.places, next(iter(site.models)))
    yield downloads_unit(site)
    yield from why_units(site)
    pages = {code: AreaPages(site, model) for code, model in site.models.items()}
    for code, model in site.models.items():
        yield from station_units(site, model)
        yield from pages[code].units()
        yield from AreaTables(site.places, model).units()
        yield card_unit(site, model)
    yield from fixed_units(site, bundle)
    for code, model in site.models.items():
        yield front_unit(site, model, pages[code], card_path(code), card_head(site, model, base_url))


def _write(
    out: Path, state: State, units: list[Unit], checkpoints: list[str], progress: Progress | None
) -> PublishReport:
    goal = announced(units)
    if len(goal) != len(units):
        raise InputError("Two places of the register share one code.", "Correct the register.")
    existing = set(files_below(out))
    dirty = stale(units, state, existing)
    paths = {path for unit in units for path in unit.paths}
    before = {path for _, known in state.units.values() for path in known}
    half = {
        path
        for path in existing
        if path.endswith(".partial") and path.removesuffix(".partial") in paths | before | {STATE}
    }
    gone = (before & existing) - paths | half
    if dirty or gone or state.checkpoints != checkpoints:
        begun = {**state.units, **{unit.key: ("", unit.paths) for unit in dirty}}
        kept = {key: known for key, known in state.units.items() if key not in goal}
        write_state(out, State({**begun, **kept}, state.checkpoints))
    writer, written = Writer(out), 0
    for done, unit in enumerate(dirty):
        for path, data in zip(unit.paths, unit.render(), strict=True):
            writer.write(path, data)
        written += len(unit.paths)
        if progress is not None and done % _TOLD_EVERY == 0:
            progress("pages", done, len(dirty))
    removed = remove_files(out, sorted(gone))
    if dirty or gone or state.checkpoints != checkpoints:
        os.sync()
        write_state(out, State(dict(goal), checkpoints))
    if progress is not None:
        progress("pages", len(dirty), len(dirty))
    pages = sum(path.endswith(".html") for path in paths)
    return PublishReport(written, len(paths) - written, removed, pages)
