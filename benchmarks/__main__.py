"""``make bench``: every benchmark, one after another, each in a process of its own. ``python -m benchmarks tally`` one.

Figures are ratios against a yardstick that runs in the same minute on the same machine: machines differ and are noisy.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    """The benchmarks: every module or package of this folder but this one."""
    modules = {path.stem for path in HERE.glob("*.py")} | {path.parent.name for path in HERE.glob("*/__init__.py")}
    return sorted(name for name in modules if not name.startswith("_"))


def main(wanted: list[str]) -> int:
    """Run those named, or all; 0 if every one ran to its end."""
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are: {', '.join(names())}.", file=sys.stderr)
        return 2
    failed = []
    for name in wanted or names():
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False, cwd=HERE.parent).returncode:
            failed.append(name)
    if failed:
        print(f"\nDid not run to the end: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
