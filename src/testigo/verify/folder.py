"""Step 1: the folder holds exactly what the manifest lists, byte by byte.

Rules of this module
--------------------
1. Every file is named: what is missing, what is too much, what differs, what is not a plain file.
2. Images are left to step 9, which reads each of them once for hash and content; here only that they are there.
3. Nothing that the manifest does not list is opened, and no link is followed.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from testigo.bundle.files import read_file, walk
from testigo.bundle.manifest import LEDGER, MANIFEST, METADATA, Manifest, image_of, parse_manifest
from testigo.errors import InputError
from testigo.verify.report import Findings

_MAX_MANIFEST = 1 << 30  # bytes


def check_folder(root: Path, found: Findings) -> tuple[Manifest | None, dict[str, bytes], set[str]]:
    """Compare the folder with its manifest.

    Returns:
        The manifest (``None`` if it cannot be used), the bytes of profile and tables that are as it says, and the paths
        of the files in ``ledger/``, relative to it.
    """
    present: set[str] = set()
    for path, plain in walk(root):
        if plain:
            present.add(path)
        else:
            found.problem("file_unlisted", path, "a bundle holds plain files only: no links, devices or empty folders")
    ledger = {path.removeprefix(f"{LEDGER}/") for path in present if path.startswith(f"{LEDGER}/")}
    try:
        manifest = parse_manifest(read_file(root, MANIFEST, _MAX_MANIFEST))
    except InputError as error:
        found.refused("manifest", error)
        return None, {}, ledger
    present.discard(MANIFEST)
    _check_names(manifest, present, found)
    files = {}
    for path in sorted(set(manifest.files) & present):
        if not image_of(path):
            data = _read(root, path, manifest, found)
            if data is not None:
                files[path] = data
    return manifest, files, ledger


def _check_names(manifest: Manifest, present: set[str], found: Findings) -> None:
    for path in sorted(set(manifest.files) - present):
        found.problem("file_missing", path, "the manifest lists it, and it is not there")
    unsigned = []
    for path in sorted(present - set(manifest.files)):
        if path.startswith(f"{METADATA}/"):
            unsigned.append(path)
        elif not path.startswith(f"{LEDGER}/"):
            found.problem("file_unlisted", path, "it is not in the manifest, so nobody signed it")
    if unsigned:
        names = ", ".join(unsigned[:5])
        found.skip(
            "metadata",
            f"los archivos de metadata/, que esta versión no comprueba ({names})",
            f"the files in metadata/, which this version does not check ({names})",
        )


def _read(root: Path, path: str, manifest: Manifest, found: Findings) -> bytes | None:
    entry = manifest.files[path]
    try:
        data = read_file(root, path, entry.size)
    except InputError as error:
        found.refused("file_altered", error)
        return None
    if len(data) != entry.size:
        found.problem("file_altered", path, f"it has {len(data)} bytes, the manifest says {entry.size}")
    elif (digest := sha256(data).hexdigest()) != entry.sha256:
        found.problem("file_altered", path, f"its SHA-256 is {digest}, the manifest says {entry.sha256}")
    return data  # altered or not: it is compared with the log below, so that the row is named as well
