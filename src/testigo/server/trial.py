"""Look at one file in a process of its own, to see whether a process survives it.

Rules of this module
--------------------
1. It writes nothing and knows no database: what it finds is thrown away, what counts is that it reaches its end.
2. It does all that the opener and the reader do with a file.
"""

from __future__ import annotations

import subprocess
import sys

COMMAND = (sys.executable, "-P", "-m", "testigo.server.trial")
_SECONDS = 120
_LENGTH_BYTES = 8


def survives(profile: bytes, data: bytes, *, rehearsal: bool) -> bool:
    """Whether a process that looks at this file lives to its end, within two minutes.

    Args:
        profile: ``profile.toml``.
        data: the file.
    """
    given = len(profile).to_bytes(_LENGTH_BYTES, "big") + profile + data
    words = [*COMMAND, *(["--rehearsal"] if rehearsal else [])]
    try:
        done = subprocess.run(words, input=given, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> int:
    """Read profile and file from standard input, and look at the file."""
    from testigo.election import parse_profile
    from testigo.reading import Limits, Refusal, open_image, read_sheet, redact_image

    given = sys.stdin.buffer.read()
    length = int.from_bytes(given[:_LENGTH_BYTES], "big")
    profile = parse_profile(given[_LENGTH_BYTES : _LENGTH_BYTES + length], "profile.toml")
    image = open_image(given[_LENGTH_BYTES + length :], Limits())
    rehearsal = "--rehearsal" in sys.argv[1:]
    if not isinstance(image, Refusal):
        redact_image(profile, image, rehearsal=rehearsal)
        read_sheet(profile, image, rehearsal=rehearsal, print_mode="always")
    return 0


if __name__ == "__main__":
    sys.exit(main())
