"""``testigo sample``: a random sample of the published sheets to check by hand, and what a check of it proves."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from testigo.cli.common import add_json, add_register, number, print_json, printable
from testigo.cli.language import language, t

if TYPE_CHECKING:
    from testigo.bundle import Bundle
    from testigo.forensics.contradiction import Contradiction
    from testigo.forensics.finding import Finding
    from testigo.forensics.sample_list import Drawn, Sample
    from testigo.forensics.sample_page import Links
    from testigo.forensics.sheets import Sheets

EXAMPLE = "testigo sample bundle --seed '4 1 6 6 2 5' --size 50 --out check.html --out check.csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo sample``."""
    parser.add_argument("bundle", type=Path, metavar="DIR", help=t("the bundle", "el paquete"))
    parser.add_argument(
        "--seed",
        required=True,
        metavar="TEXT",
        help=t(
            "what draws the sheets; public, and younger than the bundle: dice thrown in public, a lottery's numbers",
            "lo que sortea las actas; público, y posterior al paquete: dados lanzados en público, una lotería",
        ),
    )
    parser.add_argument(
        "--origin", metavar="TEXT", default="", help=t("where the seed came from", "de dónde salió la semilla")
    )
    parser.add_argument(
        "--size", type=int, default=50, metavar="N", help=t("how many sheets (50)", "cuántas actas (50)")
    )
    _add_output(parser)


def _add_output(parser: argparse.ArgumentParser) -> None:
    """The rest of them."""
    parser.add_argument(
        "--against",
        metavar="CODE",
        help=t("only this bulletin of the profile (all)", "sólo este boletín del perfil (todos)"),
    )
    parser.add_argument(
        "--site",
        metavar="SITE",
        help=t(
            "the site made of this bundle, a folder or an address: the page links to its stations",
            "el sitio hecho de este paquete, carpeta o dirección: la página enlaza a sus mesas",
        ),
    )
    parser.add_argument(
        "--out",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help=t(
            "write the page (.html) or the list to fill in (.csv); can be repeated",
            "escribir la página (.html) o la lista para llenar (.csv); repetible",
        ),
    )
    _add_result(parser)
    add_register(parser)
    parser.add_argument("--contest", metavar="C", help=t("contest, if there are several", "cargo, si hay varios"))
    parser.add_argument(
        "--lang", choices=("es", "en"), help=t("language shown first (yours)", "idioma que se ve primero (el suyo)")
    )
    add_json(parser)


def _add_result(parser: argparse.ArgumentParser) -> None:
    """What a check found."""
    parser.add_argument(
        "--results",
        type=Path,
        metavar="FILE",
        help=t("the list, filled in: what it proves", "la lista, ya llena: qué prueba"),
    )
    parser.add_argument(
        "--checked",
        type=int,
        metavar="N",
        help=t("or: how many of the list were checked, from its top", "o: cuántas de la lista se comprobaron"),
    )
    parser.add_argument(
        "--different", type=int, default=0, metavar="N", help=t("of those, different (0)", "de ellas, distintas (0)")
    )
    parser.add_argument(
        "--unseen", type=int, default=0, metavar="N", help=t("of those, not seen (0)", "de ellas, no vistas (0)")
    )
    parser.add_argument(
        "--compared",
        choices=("images", "copies"),
        default="images",
        help=t(
            "with the published images (default), or with copies that others keep",
            "con las imágenes publicadas (images) o con copias que guardan otros (copies)",
        ),
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw, write, and say what was found; 1 if a check found a difference."""
    _right_words(arguments)
    from testigo.forensics.sample_result import sample_result

    bundle, sheets = _opened(arguments)
    sample = _drawn(arguments, bundle, sheets)
    bulletins = _bulletins(arguments, bundle, sheets)
    answers = _answers(arguments, sample)
    finding = None
    if answers is not None:
        again = f"{_command(arguments)} --checked {answers.checked} --different {answers.different}"
        again += f" --unseen {answers.unseen} --compared {arguments.compared}"
        finding = sample_result(sample, answers, arguments.compared, bulletins, again)
    for path in arguments.out:
        _write(arguments, path, bundle, sample, bulletins)
    if arguments.json:
        print_json(_answer(arguments, sample, bulletins, finding))
    else:
        _show(arguments, sample, bulletins, finding)
    return 1 if answers is not None and answers.different else 0


def _right_words(arguments: argparse.Namespace) -> None:
    from testigo.errors import InputError

    for path in arguments.out:
        if path.suffix.lower() not in (".html", ".csv"):
            raise InputError(f"{path} is neither .html nor .csv.", "Name the page check.html, or the list check.csv.")
    if arguments.results is not None and arguments.checked is not None:
        raise InputError("--results and --checked say the same thing twice.", "Give one of them.")
    if arguments.checked is None and (arguments.different or arguments.unseen):
        raise InputError("--different and --unseen need --checked.", "Say how many sheets were checked.")


def _opened(arguments: argparse.Namespace) -> tuple[Bundle, Sheets]:
    from testigo.bundle import open_bundle
    from testigo.election import read_register
    from testigo.errors import InputError
    from testigo.forensics.report import with_register
    from testigo.forensics.sheets import sheets_of

    bundle = open_bundle(arguments.bundle)
    if arguments.register:
        bundle = with_register(bundle, read_register(bundle.profile, arguments.register))
    sheets = sheets_of(bundle, arguments.contest)
    if not len(sheets):
        raise InputError("No station of this bundle is counted yet.", "Take a sample of a later release.")
    return bundle, sheets


def _drawn(arguments: argparse.Namespace, bundle: Bundle, sheets: Sheets) -> Sample:
    from testigo.forensics.sample_list import draw_sample

    rows = bundle.tallies.select(["contest", "station", "sheets"]).to_pylist()
    images = {row["station"]: row["sheets"] for row in rows if row["contest"] == sheets.contest.code}
    manifest = bundle.manifest
    return draw_sample(
        sheets,
        bundle.register,
        arguments.seed,
        arguments.size,
        images=images,
        release=manifest.release,
        manifest=manifest.sha256,
        rehearsal=manifest.rehearsal,
    )


def _bulletins(arguments: argparse.Namespace, bundle: Bundle, sheets: Sheets) -> list[Contradiction]:
    from testigo.errors import InputError
    from testigo.forensics.contradiction import contradictions

    found = contradictions(sheets, bundle.register)
    if arguments.against is None:
        return found
    chosen = [one for one in found if one.bulletin.code == arguments.against]
    if not chosen:
        known = ", ".join(one.bulletin.code for one in found) or "none"
        raise InputError(f"The profile has no bulletin {arguments.against!r} of this contest.", f"Known: {known}.")
    return chosen


def _answers(arguments: argparse.Namespace, sample: Sample) -> Any:
    from testigo.forensics.sample_list import Answers, read_answers

    if arguments.results is not None:
        return read_answers(arguments.results.read_bytes(), sample, str(arguments.results))
    if arguments.checked is not None:
        return Answers(arguments.checked, arguments.different, arguments.unseen)
    return None


def _command(arguments: argparse.Namespace) -> str:
    """The command that draws the same list; no path of this machine is in it."""
    words = ["testigo", "sample", arguments.bundle.resolve().name, "--seed", arguments.seed]
    words += ["--size", str(arguments.size)]
    words += ["--register", arguments.register.name] if arguments.register else []
    words += ["--contest", arguments.contest] if arguments.contest else []
    return shlex.join(words)


# ------------------------------------------------------------------ files


def _write(
    arguments: argparse.Namespace, path: Path, bundle: Bundle, sample: Sample, bulletins: list[Contradiction]
) -> None:
    from testigo.forensics.sample_list import sample_csv
    from testigo.forensics.sample_page import sample_page

    links = _links(arguments.site, path, bundle, sample)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".csv":
        lang = arguments.lang or language()

        def link(one: Drawn) -> str:
            found = links(one)
            return found.page.get(lang) or next(iter(found.page.values()), next(iter(found.images), ""))

        path.write_bytes(sample_csv(sample, link))
        return
    source = {"es": arguments.origin, "en": arguments.origin}
    page = sample_page(
        sample,
        bulletins=bulletins,
        seed_source=source,
        links=links,
        command=_command(arguments),
        language=arguments.lang or language(),
    )
    path.write_text(page, encoding="utf-8")


def _links(site: str | None, out: Path, bundle: Bundle, sample: Sample) -> Callable[[Drawn], Links]:
    """Where each sheet can be looked at, as seen from the file that is written."""
    from testigo.bundle import image_path
    from testigo.forensics.sample_page import Links
    from testigo.publish.paths import station

    root = _root(site, out)
    languages = [one for one in ("es", "en") if site and _has(site, one)]

    def of(one: Drawn) -> Links:
        pages = {lang: f"{root}/{lang}/{quote(station(sample.contest.code, one.station))}" for lang in languages}
        images = tuple(_relative(bundle.path / image_path(digest), out) for digest in one.images)
        return Links(pages, images)

    return of


def _root(site: str | None, out: Path) -> str:
    from testigo.errors import InputError

    if site is None:
        return ""
    if site.startswith(("http://", "https://")):
        return site.rstrip("/").removesuffix("/index.html")
    if not (Path(site) / "index.html").is_file():
        raise InputError(
            f"{site} is neither a site's folder nor an address that begins with https://.",
            "Make one with `testigo publish BUNDLE --out SITE`, or leave the option out.",
        )
    return _relative(Path(site), out)


def _has(site: str, lang: str) -> bool:
    return site.startswith("http") or (Path(site) / lang).is_dir()


def _relative(target: Path, out: Path) -> str:
    return quote(Path(os.path.relpath(target.resolve(), out.resolve().parent)).as_posix())


# ------------------------------------------------------------------ answers


def _answer(
    arguments: argparse.Namespace, sample: Sample, bulletins: list[Contradiction], finding: Finding | None
) -> dict[str, Any]:
    return {
        "election": sample.profile.code,
        "contest": sample.contest.code,
        "release": sample.release,
        "manifest": sample.manifest,
        "rehearsal": sample.rehearsal,
        "seed": sample.seed,
        "population": sample.population,
        "size": sample.size,
        "command": _command(arguments),
        "sample": [
            {
                "position": one.position,
                "rank": one.rank,
                "station": one.station,
                "place": one.place,
                "votes": dict(zip(sample.contest.candidate_codes, one.votes, strict=True)),
                "images": list(one.images),
            }
            for one in sample.drawn
        ],
        "against": [_against(sample, one) for one in bulletins],
        "result": finding.as_json() if finding else None,
        "out": [str(path) for path in arguments.out],
    }


def _against(sample: Sample, found: Contradiction) -> dict[str, Any]:
    from testigo.forensics.sample import chance_of_none, enough

    least = found.least
    chance = chance_of_none(sample.population, least, sample.size) if least else None
    return {
        "bulletin": found.bulletin.code,
        "least_invented": least,
        "impossible": found.impossible,
        "chance_of_none": chance,
        "enough_1_in_1000": enough(sample.population, least, 1e-3) if least else None,
    }


def _show(
    arguments: argparse.Namespace, sample: Sample, bulletins: list[Contradiction], finding: Finding | None
) -> None:
    from testigo.forensics.contradiction_finding import statement

    lang = language()
    if sample.rehearsal:
        print(t("SIMULACRO: a rehearsal, no result of an election.", "SIMULACRO: un ensayo, no es un resultado."))
    if finding is not None:
        print(printable(finding.statement[lang]))
        for figure in finding.figures:
            if figure.unit == "probability" and isinstance(figure.value, float):
                print(printable(f"  {figure.label[lang]}: {_chance(figure.value)}"))
    else:
        for found in bulletins:
            names = found.bulletin.authority
            print(printable(f"{names.get(lang) or next(iter(names.values()), '')}: {statement(found)[lang]}"))
            if found.least:
                _show_chance(_against(sample, found), sample.size)
        for one in sample.drawn if not arguments.out else ():
            print(printable(f"{one.position:>5}  {one.station}  {one.place}"))
    for path in arguments.out:
        print(t(f"Written: {path}", f"Escrito: {path}"))
    if finding is None:
        print(
            t(
                "After the check: the same command with --results check.csv, or --checked N --different K --unseen U.",
                "Después de comprobar: el mismo comando con --results lista.csv, o --checked N --different K "
                "--unseen U.",
            )
        )


def _show_chance(against: dict[str, Any], size: int) -> None:
    chance, needed = _chance(against["chance_of_none"]), number(against["enough_1_in_1000"])
    print(
        t(
            f"  Chance that {number(size)} random sheets hold none of them: {chance} at most. {needed} are enough for "
            "1 in 1,000.",
            f"  Probabilidad de que {number(size)} actas al azar no incluyan ninguna: {chance} como máximo. Bastan "
            f"{needed} para 1 en 1.000.",
        )
    )


def _chance(value: float) -> str:
    from testigo.forensics.sample_page import chance_text

    return chance_text(value)[language()]
