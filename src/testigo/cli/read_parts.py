"""``testigo read --parts``: photos of which some show parts of one sheet."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from testigo.cli.language import t

MOST_PHOTOS = 40
_ALONE = ("out", "dask", "crops", "files_from", "verdict")


def lines_of_parts(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Lines of ``testigo read --json``, one per sheet; ``file`` names a sheet's photos from its top to its end.

    Raises:
        InputError: an option that does not go with ``--parts``, too many photos, or a file that is not there.
    """
    from testigo.election import load_profile
    from testigo.reading import OpenedImage, Refusal, SheetReadings, as_json, open_image
    from testigo.reading.batch import Options, reader_key, to_lines, to_table
    from testigo.reading.parts import read_parts

    _check(arguments)
    profile = load_profile(arguments.profile)
    options = Options(rehearsal=arguments.rehearsal, print_mode=arguments.print_mode)
    reader = reader_key(profile, options)
    images: list[OpenedImage] = []
    names: list[str] = []
    lines: list[dict[str, Any]] = []
    for name in arguments.files:
        image = open_image(Path(name).read_bytes())
        if isinstance(image, Refusal):
            lines += as_json(name, SheetReadings(refusal=image, problems=(image.outcome.value,)))
        else:
            images.append(image)
            names.append(name)
    for read in read_parts(profile, images, rehearsal=arguments.rehearsal, print_mode=arguments.print_mode):
        lines += as_json(" + ".join(names[n] for n in read.images), read.readings)
    yield from to_lines(to_table({**line, "reader": reader} for line in lines))


def _check(arguments: argparse.Namespace) -> None:
    from testigo.errors import InputError

    for name in _ALONE:
        if getattr(arguments, name):
            option = "--" + name.replace("_", "-")
            raise InputError(f"--parts does not go with {option}.", f"Leave out {option}.")
    if not 1 <= len(arguments.files) <= MOST_PHOTOS:
        raise InputError(
            f"--parts compares photos with each other: 1 to {MOST_PHOTOS}, not {len(arguments.files)}.",
            t("Give those of one sender.", "Dé las de un solo remitente."),
        )
    missing = [name for name in arguments.files if not Path(name).is_file()]
    if missing:
        raise InputError(f"There is no file {missing[0]}.", "Check the path.")
