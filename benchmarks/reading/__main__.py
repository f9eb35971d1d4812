"""``python -m benchmarks.reading``: the graded set, then clean tapes, then a national set (sampled).

The published figures: ``python -m benchmarks.reading --seeds published --images 60 --every 3 --json figures.json``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.graded import SEEDS
from benchmarks.reading import clean, graded_run, national
from testigo.simulate.damage import FAMILIES


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", choices=sorted(SEEDS), default="dev")
    parser.add_argument("--images", type=int, default=4, help="per family (published: 60); 0: no graded set")
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--readers", default="", help="beginnings of their names, with commas; all without it")
    parser.add_argument("--every", type=int, default=3, help="slow readers get every n-th image")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="file of results to go on from and to add to")
    parser.add_argument("--again", default="", help="readers whose kept results are measured again, with commas")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop the graded set after so many")
    parser.add_argument("--clean", type=int, default=10, metavar="TAPES", help="0: no clean tapes")
    parser.add_argument("--national", type=int, default=100, metavar="TAPES", help="25000: all; 0: none")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--markdown", type=Path, help="write the graded set's table there, for the documentation")
    return parser.parse_args()


def main() -> None:
    """Run and print."""
    options = _options()
    figures: dict[str, object] = {"seeds": options.seeds}
    if options.images:
        names = [name for name in options.readers.split(",") if name]
        families = [family for family in FAMILIES if family in options.families.split(",")]
        records = graded_run.run(
            options.seeds,
            options.images,
            families,
            names=names,
            every=options.every,
            processes=options.processes,
            keep=options.keep,
            minutes=options.minutes,
            again=[name for name in options.again.split(",") if name],
        )
        figures["graded"] = graded = graded_run.summary(records)
        graded_run.show(graded)
        if options.markdown:
            options.markdown.write_text(graded_run.markdown(graded))
    if options.clean:
        figures["clean"] = medians = clean.measure(options.clean, 3)
        clean.show(medians)
    if options.national:
        figures["national"] = found = national.measure(options.national, seeds=options.seeds)
        national.show(found)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
