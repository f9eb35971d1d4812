"""The shapes of a dossier: facts, claims and their answers.

Rules of this module
--------------------
1. A fact that nobody read is ``not_read`` and says why; a fact that this sheet cannot have is ``not_applicable``.
2. An answer to a claim never goes further than its evidence, and always says what cannot be known.
3. Nobody is named: a bundle has no field for a person, and a dossier has none either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Text = Mapping[str, str]


def both(es: str, en: str, **values: int | str) -> Text:
    """A text in both languages; whole numbers get each language's separators."""
    texts = {}
    for language, text, separator in (("es", es, "."), ("en", en, ",")):
        shown = {k: f"{v:,}".replace(",", separator) if isinstance(v, int) else v for k, v in values.items()}
        texts[language] = text.format_map(shown)
    return texts


class Known(StrEnum):
    """Whether something is known of a sheet."""

    KNOWN = "known"
    NOT_READ = "not_read"
    NOT_APPLICABLE = "not_applicable"


class Answer(StrEnum):
    """What the evidence in the bundle does to a claim."""

    CONTRADICTED = "contradicted"  # the evidence says otherwise
    NOT_SEEN = "not_seen"  # it was looked for, and no sign of it was found
    SEEN = "seen"  # what is claimed is seen on this sheet; what follows from it is said beside it
    OPEN = "open"  # the bundle cannot answer it


#: The answers as people read them.
ANSWER_TEXTS: Mapping[str, Text] = {
    "contradicted": both("La prueba dice lo contrario", "The evidence says otherwise"),
    "not_seen": both("Se buscó y no hay señal de ello", "It was looked for, and there is no sign of it"),
    "seen": both("Se observa en esta acta", "It is seen on this sheet"),
    "open": both("Este paquete no lo puede responder", "This bundle cannot answer it"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One fact.

    Attributes:
        code: stable.
        label: what it is.
        state: a :class:`Known`.
        value: as data: text, number, list, or ``None``.
        text: the same for people, or why it is not known.
    """

    code: str
    label: Text
    state: str
    value: Any
    text: Text

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "code": self.code,
            "label": dict(self.label),
            "state": str(self.state),
            "value": self.value,
            "text": dict(self.text),
        }


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim in the record, and what this bundle says to it for this sheet."""

    code: str
    claim: Text
    answer: str
    evidence: tuple[Text, ...]
    cannot_know: Text

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "code": self.code,
            "claim": dict(self.claim),
            "answer": str(self.answer),
            "evidence": [dict(text) for text in self.evidence],
            "cannot_know": dict(self.cannot_know),
        }


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that a bundle says of one station's sheet.

    Attributes:
        readings: each reading: leaf, reader, person (ordinal), evidence, valid, agrees with what stands.
        checks: each rule's answer: rule, outcome, texts.
        history: what happened, oldest first: leaf, standing, rule, valid.
        images: SHA-256 of the published images.
        proof: the ``.tlog-proof`` of the decision that stands, as text; empty if it is not covered.
    """

    station: str
    contest: str
    place: str
    standing: str
    standing_text: Text
    votes: tuple[tuple[str, int], ...]
    items: tuple[Item, ...] = ()
    claims: tuple[Claim, ...] = ()
    readings: tuple[Mapping[str, Any], ...] = ()
    checks: tuple[Mapping[str, Any], ...] = ()
    history: tuple[Mapping[str, Any], ...] = ()
    images: tuple[str, ...] = ()
    proof: str = ""
    entry: str = field(default="", repr=False)

    def item(self, code: str) -> Item:
        """The fact of that code. Raises :class:`KeyError` if there is none."""
        return {item.code: item for item in self.items}[code]

    def claim(self, code: str) -> Claim:
        """The claim of that code. Raises :class:`KeyError` if there is none."""
        return {claim.code: claim for claim in self.claims}[code]

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "station": self.station,
            "contest": self.contest,
            "place": self.place,
            "standing": self.standing,
            "votes": dict(self.votes),
            "items": [item.as_json() for item in self.items],
            "claims": [claim.as_json() for claim in self.claims],
            "readings": [dict(one) for one in self.readings],
            "checks": [dict(one) for one in self.checks],
            "history": [dict(one) for one in self.history],
            "images": list(self.images),
            "proof": self.proof,
            "entry": self.entry,
        }
