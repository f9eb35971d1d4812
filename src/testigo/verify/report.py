"""What a verification says: a verdict, one sentence a newspaper can print, and every difference by name.

Rules of this module
--------------------
1. One problem is enough for *fail*. Nothing that was not checked turns into a pass silently: it is listed, and the
   sentence says it.
2. A problem names its place: the file, and within it the leaf, or the row and the column with both values.
3. Kinds and codes are kept for ever; machines read them. Sentences exist in Spanish and English.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from testigo.errors import InputError

LANGUAGES = ("es", "en")
PASS, FAIL = "pass", "fail"

#: A hostile bundle may differ in millions of cells: so many of one kind are listed, the rest counted.
_LISTED_PER_KIND = 200
_NAMED_IN_SENTENCE = 3

#: Kind of a problem -> what it means, in each language.
KINDS: Mapping[str, Mapping[str, str]] = {
    "manifest": {"es": "El manifiesto no se puede usar", "en": "The manifest cannot be used"},
    "file_missing": {"es": "Falta un archivo", "en": "A file is missing"},
    "file_unlisted": {"es": "Sobra un archivo que nadie firmó", "en": "A file is there that nobody signed"},
    "file_altered": {"es": "Un archivo fue alterado", "en": "A file was altered"},
    "signature": {"es": "La firma no vale", "en": "The signature does not hold"},
    "log": {"es": "El registro no es el que se firmó", "en": "The log is not the one that was signed"},
    "release": {"es": "El registro no contiene esta publicación", "en": "The log does not hold this release"},
    "configuration": {"es": "La configuración no es la registrada", "en": "The configuration is not the logged one"},
    "history": {"es": "El registro contradice a uno anterior", "en": "The log contradicts an earlier state of itself"},
    "leaf": {"es": "Un asiento del registro no es válido", "en": "An entry of the log is not valid"},
    "table": {"es": "Una tabla no dice lo que dice el registro", "en": "A table does not say what the log says"},
    "csv": {"es": "El CSV y el Parquet no dicen lo mismo", "en": "CSV and Parquet do not say the same"},
    "reading": {"es": "Una lectura no es coherente", "en": "A reading does not hold"},
    "decision": {
        "es": "Una decisión no se sigue de sus lecturas",
        "en": "A decision does not follow from its readings",
    },
    "sum": {"es": "Una suma no es correcta", "en": "A sum is not right"},
    "image": {"es": "Una imagen no es la registrada", "en": "An image is not what the log says"},
    "changes": {"es": "La lista de cambios no es correcta", "en": "The list of changes is not right"},
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference.

    Attributes:
        kind: a key of :data:`KINDS`.
        where: file, and within it the leaf, or row and column.
        what: what is wrong, with both values.
    """

    kind: str
    where: str
    what: str

    def as_json(self) -> dict[str, str]:
        """``kind``, ``where``, ``what``."""
        return {"kind": self.kind, "where": self.where, "what": self.what}

    def text(self, language: str = "en") -> str:
        """One line for a person."""
        return f"{KINDS[self.kind][language]}. {self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Something that was not checked: a code for machines, and the words in each language."""

    code: str
    es: str
    en: str

    def text(self, language: str = "en") -> str:
        """The words."""
        return self.es if language == "es" else self.en


@dataclass(slots=True)
class Findings:
    """What the steps have found so far."""

    problems: list[Finding] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)
    receipts: dict[str, int] = field(default_factory=dict)
    totals: list[dict[str, Any]] = field(default_factory=list)
    stations: int = 0
    images_checked: int = 0
    images_read: int = 0
    _kinds: Counter[str] = field(default_factory=Counter)

    def problem(self, kind: str, where: str, what: str) -> None:
        """Note a difference."""
        self._kinds[kind] += 1
        if self._kinds[kind] <= _LISTED_PER_KIND:
            self.problems.append(Finding(kind, where, what))

    def refused(self, kind: str, error: InputError, prefix: str = "") -> None:
        """Note what an :class:`InputError` says, each of its problems by its place."""
        for one in error.problems:
            where = (
                prefix + one.file + (f", line {one.line}" if one.line else "") + (f", {one.field}" if one.field else "")
            )
            self.problem(kind, where, one.problem)
        if not error.problems:
            self.problem(kind, prefix.rstrip("/") or "bundle", error.message)

    def skip(self, code: str, es: str, en: str) -> None:
        """Note what was not checked, once."""
        if all(one.code != code for one in self.not_checked):
            self.not_checked.append(NotChecked(code, es, en))

    def all_problems(self) -> tuple[Finding, ...]:
        """Every problem listed, and per kind how many more there are."""
        more = [
            Finding(kind, "bundle", f"and {count - _LISTED_PER_KIND} more of this kind")
            for kind, count in sorted(self._kinds.items())
            if count > _LISTED_PER_KIND
        ]
        return (*self.problems, *more)


@dataclass(frozen=True, slots=True)
class Report:
    """The result of :func:`testigo.verify.verify`.

    Attributes:
        verdict: ``pass`` or ``fail``.
        sentences: language -> the sentence.
        stations: polling stations with a tally.
        images_checked: images whose bytes have the logged hash.
        images_read: of them, read again with the same counts.
        receipts: what became of receipts: ``total``, ``read``, ``never_opened``, ``no_reading``, and every outcome.
        totals: per contest, the headline: ``contest``, ``stations``, ``valid``, ``candidates`` (code -> votes).
        signer: the verifier key that signed, or "" if none holds.
        pinned: whether that key was given by the user.
    """

    verdict: str
    sentences: Mapping[str, str]
    stations: int
    images_checked: int
    images_read: int
    not_checked: tuple[NotChecked, ...]
    problems: tuple[Finding, ...]
    receipts: Mapping[str, int]
    totals: tuple[Mapping[str, Any], ...]
    election: str = ""
    release: int = 0
    manifest: str = ""
    signer: str = ""
    pinned: bool = False

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return self.verdict == PASS

    def sentence(self, language: str = "en") -> str:
        """The sentence in that language (English if there is none)."""
        return self.sentences.get(language, self.sentences["en"])

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """The documented shape of ``testigo verify --json``."""
        return {
            "verdict": self.verdict,
            "sentence": self.sentence(language),
            "sentences": dict(self.sentences),
            "stations": self.stations,
            "images_checked": self.images_checked,
            "images_read": self.images_read,
            "not_checked": [one.text(language) for one in self.not_checked],
            "not_checked_codes": [one.code for one in self.not_checked],
            "problems": [problem.as_json() for problem in self.problems],
            "receipts": dict(self.receipts),
            "totals": [dict(total) for total in self.totals],
            "election": self.election,
            "release": self.release,
            "manifest": self.manifest,
            "signer": self.signer,
            "pinned": self.pinned,
        }


@dataclass(frozen=True, slots=True)
class About:
    """What the sentence names: election in each language, release, signer's name, rehearsal."""

    names: Mapping[str, str] = field(default_factory=dict)
    election: str = ""
    release: int = 0
    manifest: str = ""
    signer: str = ""
    origin: str = ""
    pinned: bool = False
    rehearsal: bool = False

    def name(self, language: str) -> str:
        """The election's name in that language, else its code."""
        return self.names.get(language) or self.election or "?"


def make_report(found: Findings, about: About) -> Report:
    """The report of what was found."""
    problems = found.all_problems()
    verdict = FAIL if problems else PASS
    sentences = {language: _sentence(language, found, about, problems) for language in LANGUAGES}
    return Report(
        verdict,
        sentences,
        found.stations,
        found.images_checked,
        found.images_read,
        tuple(found.not_checked),
        problems,
        dict(found.receipts),
        tuple(found.totals),
        about.election,
        about.release,
        about.manifest,
        about.signer,
        about.pinned,
    )


_WORDS: Mapping[str, Mapping[str, str]] = {
    "es": {
        "rehearsal": "ENSAYO, no una elección real. ",
        "fail": "La publicación {release} de «{name}» NO pasa la verificación: {count} ({first}). ",
        "one": "se encontró 1 problema",
        "many": "se encontraron {n} problemas",
        "pinned": "La publicación {release} de «{name}» está íntegra y firmada por {origin}: ",
        "unknown": "La publicación {release} de «{name}» es coherente consigo misma, pero no se sabe quién la firmó "
        "(falta la clave): ",
        "body": "los resultados de {stations} mesas se recalcularon desde el registro firmado y nada difiere",
        "images": "; {images} imágenes son las registradas y {read} se volvieron a leer con los mismos números",
        "skipped": " No se comprobó: {items}.",
    },
    "en": {
        "rehearsal": "A REHEARSAL, not a real election. ",
        "fail": "Release {release} of “{name}” does NOT pass verification: {count} ({first}). ",
        "one": "1 problem was found",
        "many": "{n} problems were found",
        "pinned": "Release {release} of “{name}” is intact and signed by {origin}: ",
        "unknown": "Release {release} of “{name}” is consistent in itself, but who signed it is unknown "
        "(no key was given): ",
        "body": "the results of {stations} polling stations were recomputed from the signed log and nothing differs",
        "images": "; {images} images are the logged ones, and {read} were read again with the same numbers",
        "skipped": " Not checked: {items}.",
    },
}


def _sentence(language: str, found: Findings, about: About, problems: tuple[Finding, ...]) -> str:
    words = _WORDS[language]
    values = {"release": about.release or "?", "name": about.name(language), "origin": about.origin}
    text = words["rehearsal"] if about.rehearsal else ""
    if problems:
        count = words["one"] if len(problems) == 1 else words["many"].format(n=len(problems))
        places = list(dict.fromkeys(problem.where for problem in problems))
        first = "; ".join(places[:_NAMED_IN_SENTENCE]) + ("; …" if len(places) > _NAMED_IN_SENTENCE else "")
        text += words["fail"].format(count=count, first=first, **values).rstrip()
    else:
        text += words["pinned" if about.pinned else "unknown"].format(**values)
        text += words["body"].format(stations=grouped(found.stations, language))
        if found.images_checked:
            images, read = (grouped(n, language) for n in (found.images_checked, found.images_read))
            text += words["images"].format(images=images, read=read)
        text += "."
    if found.not_checked:
        text += words["skipped"].format(items="; ".join(one.text(language) for one in found.not_checked))
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def grouped(number: int, language: str) -> str:
    """A number with its thousands apart: 25.073 in Spanish, 25,073 in English."""
    text = f"{number:,}"
    return text.replace(",", ".") if language == "es" else text
