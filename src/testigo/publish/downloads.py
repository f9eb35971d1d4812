"""The bundle inside the site, and the page that lists it.

Rules of this module
--------------------
1. The site carries the whole bundle in ``bundle/``: whoever copies the site can verify it.
2. A file that the manifest lists is compared with its hash before it is copied.
3. The manifest is announced last: a site that was interrupted does not show a manifest without its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from testigo.bundle.files import read_file, walk
from testigo.bundle.manifest import MANIFEST, TABLES, image_of
from testigo.bundle.read import Bundle
from testigo.publish.context import Site, View
from testigo.publish.output import Unit, digest
from testigo.publish.words import Words

FOLDER = "bundle"


def bundle_units(bundle: Bundle) -> Iterator[Unit]:
    """Every file of the bundle."""
    listed = bundle.manifest.files
    for path, regular in walk(bundle.path):
        if path in listed or path == MANIFEST or not regular:
            continue
        yield _plain(bundle, path)
    for path, entry in listed.items():
        yield Unit(f"{FOLDER}/{path}", entry.sha256, (f"{FOLDER}/{path}",), lambda path=path: [bundle.file(path)])  # type: ignore[misc]
    yield _plain(bundle, MANIFEST)


def _plain(bundle: Bundle, path: str) -> Unit:
    """A file that the manifest does not list: the ledger's, the metadata, the manifest itself."""

    def render() -> Iterable[bytes]:
        return [read_file(bundle.path, path)]

    mark = sha256(read_file(bundle.path, path)).hexdigest()
    return Unit(f"{FOLDER}/{path}", mark, (f"{FOLDER}/{path}",), render)


def main_downloads(site: Site, words: Words, up: str) -> list[dict[str, str]]:
    """The tables and the manifest, with their hashes, as seen from ``up`` below the language's folder."""
    rows = [_row(site, words, up, path) for path in TABLES]
    return [_manifest(site, words, up), *rows]


def _row(site: Site, words: Words, up: str, path: str) -> dict[str, str]:
    entry = site.manifest.files[path]
    return {
        "href": f"{up}../{FOLDER}/{path}",
        "name": path,
        "size": words.locale.size(entry.size),
        "sha256": entry.sha256,
    }


def _manifest(site: Site, words: Words, up: str) -> dict[str, str]:
    return {
        "href": f"{up}../{FOLDER}/{MANIFEST}",
        "name": words.t.manifest,
        "size": words.locale.size(len(site.manifest.source)),
        "sha256": site.manifest.sha256,
    }


def downloads_unit(site: Site) -> Unit:
    """The page that lists every file but the images, each with its hash."""
    contest = next(iter(site.models))

    def view(words: Words) -> View:
        files = [path for path in site.manifest.files if not image_of(path)]
        images = [entry.size for path, entry in site.manifest.files.items() if image_of(path)]
        said = words.t.downloads_no_images
        if images:
            size = words.locale.size(sum(images))
            said = words.say("downloads_images", n=words.locale.integer(len(images)), size=size)
        rows = [_manifest(site, words, ""), *(_row(site, words, "", path) for path in sorted(files))]
        return words.t.downloads_title, "downloads.html", {"downloads": rows, "images": said}

    mark = digest(site.common, site.manifest.sha256)
    return site.unit(contest, "downloads.html", mark, view)
