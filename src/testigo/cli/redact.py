"""``testigo redact``: the picture of a sheet that everybody may see, without server and database."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testigo.cli.common import add_json, printable, progress_bar
from testigo.cli.language import language, t

if TYPE_CHECKING:
    from testigo.election import Profile

EXAMPLE = "testigo redact --profile ve2024 --out public sheets/*.jpg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo redact``."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help=t("images", "imágenes"))
    parser.add_argument("--profile", required=True, metavar="P", help=t("election profile", "perfil de la elección"))
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=t("a folder", "una carpeta"))
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help=t("take drawings too (otherwise refused)", "tomar también dibujos (si no, se rechazan)"),
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Redact; 0 when every file gave a picture, 1 when some did not."""
    from testigo.election import load_profile
    from testigo.errors import InputError

    profile = load_profile(arguments.profile)
    missing = [str(path) for path in arguments.files if not path.is_file()]
    if missing:
        raise InputError(f"There is no file {missing[0]}.", "Check the path.")
    arguments.out.mkdir(parents=True, exist_ok=True)
    every = True
    with progress_bar(t("redacting", "tachando"), unit=t("files", "archivos")) as progress:
        for done, path in enumerate(arguments.files, 1):
            answer = _redact(profile, path, arguments.out, arguments.rehearsal)
            every = every and answer["image"] is not None
            print(json.dumps(answer, ensure_ascii=False) if arguments.json else printable(_sentence(answer)))
            progress(done, len(arguments.files))
    return 0 if every else 1


def _redact(profile: Profile, path: Path, out: Path, rehearsal: bool) -> dict[str, Any]:
    from testigo.reading import Refusal, open_image, redact_image

    answer: dict[str, Any] = {"file": str(path), "image": None, "rectangles": [], "size": [], "withheld": ""}
    image = open_image(path.read_bytes())
    if isinstance(image, Refusal):
        return {**answer, "withheld": image.outcome.value}
    answer["size"] = list(image.size)
    shown = redact_image(profile, image, rehearsal=rehearsal)
    if isinstance(shown, str):
        return {**answer, "withheld": str(shown)}
    # The name says nothing of the original's: that may be a person's or a place's.
    target = out / f"{hashlib.sha256(shown.jpeg).hexdigest()}.jpg"
    target.write_bytes(shown.jpeg)
    return {**answer, "image": str(target), "rectangles": [list(one) for one in shown.rectangles]}


def _sentence(answer: dict[str, Any]) -> str:
    from testigo.election.sentences import sentence
    from testigo.reading import PROBLEMS

    if answer["image"] is not None:
        return f"{answer['file']}: {answer['image']}"
    why = answer["withheld"]
    known = PROBLEMS.get(why)
    return f"{answer['file']}: {known[language()] if known else sentence('withheld', why, language())} ({why})"
