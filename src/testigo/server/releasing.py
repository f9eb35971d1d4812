"""Make a release: everything the log says so far, as a bundle.

Rules of this module
--------------------
1. A release covers the log as it stands when it begins; what is numbered meanwhile belongs to the next one.
2. The manifest is in the blob store before its leaf is in the log: the next release can always name its previous one.
3. Two releases are never made at once: they would have the same number.
4. Killed at any moment and started again, it goes on: content whose leaf is in the log is not made a second time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

from testigo.bundle.manifest import Manifest, parse_manifest
from testigo.bundle.write import unfinished, write_content, write_ledger
from testigo.election import Profile, Register, register_schema
from testigo.errors import InternalError
from testigo.records import ReleaseLeaf
from testigo.server import keys, sequencer
from testigo.server.blobs import BlobStore
from testigo.server.configuration import configuration
from testigo.server.store import log, queueing
from testigo.server.store.election import load_election


def make_release(
    out: Path, store: BlobStore, why: Mapping[str, str], progress: Callable[[str, int, int], None] | None = None
) -> Manifest:
    """Write the next release to ``out``.

    1. Number what waits. 2. If the content of a logged release lies ready, finish it. 3. Write the content.
    4. Keep the manifest. 5. Log the release leaf. 6. Add the log, and give the folder its name.

    Args:
        store: has the published images, and the manifests of earlier releases.
        why: language -> what changed and why.
    """
    with log.one_operator():
        return _make(out, store, why, progress)


def _make(
    out: Path, store: BlobStore, why: Mapping[str, str], progress: Callable[[str, int, int], None] | None
) -> Manifest:
    sequencer.run_turns(until_empty=True)  # 1
    ready = unfinished(out)  # 2
    if ready is not None and _is_logged(ready):
        return _finish(out, ready)
    election = load_election()
    covers = log.head().tree.size
    register = election.register or _no_register(election.profile)
    content = write_content(  # 3
        out,
        profile=election.profile,
        register=register,
        leaves=log.leaves(0, covers),
        images=store.get,
        log_key=keys.log_key(configuration().keys).verifier,
        made=dt.datetime.now(dt.UTC),
        why=why,
        previous=_previous(store, covers),
        previous_register=register,
        progress=progress,
    )
    store.put_if_absent(content.manifest.source)  # 4
    queueing.put(content.leaf)  # 5
    sequencer.run_turns(until_empty=True)
    return _finish(out, content.manifest)  # 6


def _finish(out: Path, manifest: Manifest) -> Manifest:
    head = log.head()
    write_ledger(out, list(log.leaves(0, head.tree.size)), head.text.encode())
    return manifest


def _release_leaf(manifest: Manifest) -> bytes:
    return ReleaseLeaf(manifest.release, manifest.sha256, manifest.previous).to_bytes()


def _is_logged(manifest: Manifest) -> bool:
    wanted = _release_leaf(manifest)
    return any(body == wanted for body in log.leaves(manifest.covers))


def _previous(store: BlobStore, covers: int) -> Manifest | None:
    """The manifest of the last release in the log, if there is one."""
    last = queueing.last_leaf(ReleaseLeaf.TYPE, covers)
    if last is None:
        return None
    if not isinstance(last, ReleaseLeaf):
        raise InternalError("The last release leaf is not one.")
    return parse_manifest(store.get(last.manifest))


def _no_register(profile: Profile) -> Register:
    """An empty register that is not complete: stations exist only as far as sheets name them."""
    return Register(profile, register_schema(profile).empty_table(), complete=False)
