"""What a release is: its number, time, hash and signers, in the words of a page.

Rules of this module
--------------------
1. Only pages that change with every release show this; a station's page names the release of its own last change.
2. A signer is a key's name as it stands in the checkpoint: the site does not verify, and says so where it matters.
"""

from __future__ import annotations

import pyarrow.compute as pc

from testigo.bundle.read import Bundle
from testigo.publish.context import Site
from testigo.publish.words import Words


def release_view(site: Site, words: Words) -> dict[str, str]:
    """Number, time, hash, signers, and how much changed."""
    manifest, number = site.manifest, words.locale
    made = number.moment(manifest.made, site.profile.timezone)
    changed = site.changed
    return {
        "number": number.integer(manifest.release),
        "made": made,
        "hash": manifest.sha256,
        "signers": ", ".join(site.signers) or words.t.release_unsigned,
        "changed": words.say("release_changed", n=number.integer(changed)) if changed else words.t.release_changed_none,
        "line": words.say("release_line", number=number.integer(manifest.release), made=made),
    }


def changed_stations(bundle: Bundle) -> int:
    """How many stations changed since the previous release."""
    return int(pc.count_distinct(bundle.changes["station"]).as_py() or 0)


def verify_command(site: Site) -> str:
    """The command that checks this release, from the site's folder, with the key in full."""
    return f"testigo verify bundle --key '{site.manifest.log_key}'"
