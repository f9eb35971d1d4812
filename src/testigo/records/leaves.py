"""Submissions, readings, decisions, and the leaves of the ledger; the rules are those of :mod:`testigo.records`."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Self, cast

from testigo.errors import InputError, InternalError
from testigo.records.canonical import canonical, parse_canonical
from testigo.records.counts import Counts
from testigo.records.vocabulary import Provenance


def _plain(value: Any) -> Any:
    """The value as dicts, lists, texts and whole numbers: the canonical form has one shape."""
    kind = type(value)
    if kind is str or kind is int or value is None or kind is bool:
        return value
    if kind is tuple or kind is list:
        return [_plain(item) for item in value]
    if kind is Counts:
        return value.as_json()
    if kind is Check:
        return {name: _plain(getattr(value, name)) for name in _names(Check)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, StrEnum) else value


@lru_cache(maxsize=32)
def _names(cls: Hashable) -> tuple[str, ...]:
    """The fields of a dataclass."""
    return tuple(f.name for f in fields(cls))  # type: ignore[arg-type]


# --------------------------------------------------------------------------- private records


@dataclass(frozen=True, slots=True)
class Submission:
    """One arrival of a blob (private: never in a bundle). Immutable.

    Attributes:
        receipt: random public identifier of the receipt, as given to the sender.
        blob: SHA-256 of the bytes as received, hex.
        size: bytes received.
        channel: how it came: ``upload``, ``scan``, ``ingest``.
        sender: pseudonym of the sender.
        received_at: Unix seconds by the server's clock.
        batch: the only thing about the arrival that becomes public: the number of its batch.
    """

    receipt: str
    blob: str
    size: int
    channel: str
    sender: str
    received_at: int
    batch: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader (QR, OCR, a person) says that a submission says, before it is made public.

    ``person`` is the pseudonym of whoever typed it, empty for a program; :meth:`public` replaces it by an ordinal.
    The other attributes are those of :class:`PublicReading`.
    """

    contest: str
    station: str
    reader: str
    version: str
    evidence: tuple[str, ...]
    counts: Counts
    person: str = ""
    opened: int | None = None
    sheet_code: str = ""
    printed: Mapping[str, int] = field(default_factory=dict)
    payload: str = ""
    confidence: int = 1000
    erased: int = 0
    corrected: int = 0
    adjudicates: str = ""
    problems: tuple[str, ...] = ()
    symbols: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    def public(self, ordinal: int) -> PublicReading:
        """The public form.

        Args:
            ordinal: 1, 2, … for the first, second, … person who read this station; 0 for a program.
        """
        if bool(self.person) != (ordinal > 0):
            raise InternalError("A person's reading needs an ordinal from 1 up, a program's has 0.")
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "person"}
        return PublicReading(person=ordinal, **values)


# --------------------------------------------------------------------------- leaves of the ledger


class Leaf:
    """Base of the ledger's leaves: a frozen dataclass with a ``TYPE`` and canonical bytes.

    Fields named in ``OPTIONAL`` are left out of the JSON while they are empty, so that leaves written before a field
    was thought of keep their bytes. One spelling per leaf: such a field that is there must not be empty.
    """

    TYPE: ClassVar[str]
    OPTIONAL: ClassVar[frozenset[str]] = frozenset()
    __slots__ = ()

    def as_json(self) -> dict[str, Any]:
        """The leaf as plain JSON values, with its ``type``."""
        values = {name: _plain(getattr(self, name)) for name in _names(cast(Hashable, type(self)))}
        return {"type": self.TYPE, **{k: v for k, v in values.items() if v or k not in self.OPTIONAL}}

    def to_bytes(self) -> bytes:
        """The leaf's canonical bytes: what the ledger holds."""
        return canonical(self.as_json())

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Inverse of :meth:`as_json`. Raises :class:`InputError` for a missing or an extra field."""
        names = _names(cast(Hashable, cls))
        given = value.keys() - {"type"}
        if value.get("type") != cls.TYPE or given - set(names) or set(names) - given - cls.OPTIONAL:
            raise InputError(f"A {cls.TYPE} leaf must have exactly the fields {', '.join(sorted(names))}.")
        if any(not value[name] for name in given & cls.OPTIONAL):
            raise InputError(f"A {cls.TYPE} leaf leaves out {', '.join(sorted(cls.OPTIONAL))} where empty.")
        return cls(**{name: _read(name, value[name]) for name in names if name in given})


def _read(name: str, value: Any) -> Any:
    if name == "counts":
        return None if value is None else Counts.from_json(value)
    if name == "checks":
        return tuple(Check(**check) for check in value)
    if isinstance(value, list):
        return tuple(tuple(v) if isinstance(v, list) else v for v in value)
    return value


@dataclass(frozen=True, slots=True)
class ConfigurationLeaf(Leaf):
    """How this log is to be understood; the first leaf, and again whenever something of it changes.

    Attributes:
        election: the profile's code.
        profile: SHA-256 of ``profile.toml``, hex.
        register: SHA-256 of the register file, hex; empty without one.
        rehearsal: whether everything here is a rehearsal. Once true, for ever true.
        readers: reader name -> version.
        intake_key: verifier key (C2SP signed-note form) under which promises are signed; empty for an import.
        witness_policy: who must cosign, as plain text; empty while there are no witnesses.
    """

    TYPE: ClassVar[str] = "configuration"
    election: str
    profile: str
    register: str
    rehearsal: bool
    readers: Mapping[str, str]
    intake_key: str = ""
    witness_policy: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptLeaf(Leaf):
    """Something arrived. Deliberately says nothing else: a public leaf must not be an oracle.

    Attributes:
        commitment: H(nonce ‖ SHA-256 of the bytes as received), hex.
        batch: number of the batch in which it arrived.
    """

    TYPE: ClassVar[str] = "receipt"
    commitment: str
    batch: int


@dataclass(frozen=True, slots=True)
class OpenedLeaf(Leaf):
    """What became of a receipt.

    Attributes:
        receipt: leaf index of the receipt.
        outcome: an :class:`Opening`.
        commitment: H(nonce ‖ SHA-256 of the plaintext), hex; empty where there is no plaintext.
        same_as: leaf index of the opened leaf that has the same plaintext, or ``None`` (the operator's assertion).
        image: SHA-256 of the published (redacted, re-encoded) image, hex; empty if withheld.
        withheld: a :class:`Withheld`: why no image is published.
        rectangles: the zones that stay visible, as (x, y, width, height) in the original's pixels.
        size: (width, height) of the original in pixels, upright; empty where there is no image.
    """

    TYPE: ClassVar[str] = "opened"
    receipt: int
    outcome: str
    commitment: str = ""
    same_as: int | None = None
    image: str = ""
    withheld: str = ""
    rectangles: tuple[tuple[int, int, int, int], ...] = ()
    size: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicReading(Leaf):
    """What one reader says that a sheet says, in the form that everybody may see.

    Attributes:
        contest, station: the key.
        reader, version: which program (``qr/zxing-cpp``, ``published-table``) or ``person``.
        evidence: what it used, values of :class:`Evidence`, sorted.
        counts: the votes.
        person: ordinal of the person within the station (1, 2, …); 0 for a program.
        opened: leaf index of the opened leaf that was read; ``None`` without an image.
        sheet_code: as printed or encoded; empty if not read.
        printed: further figures of the sheet by name: ``electors``, ``voters_machine``, ``voters_book``, ``valid``, …
        payload: the QR's raw payload, verbatim.
        confidence: per mille.
        erased, corrected: symbols that the decoder had to erase or correct.
        adjudicates: reason code if this settles a dispute; empty otherwise.
        problems: codes of what was odd.
        source, line: of an import: SHA-256 of the source file (hex), and the line in it (from 1).
        symbols: of a damaged code, one letter per codeword in the order in which the symbol holds them: ``.`` as seen,
            ``c`` corrected, ``e`` erased; empty for an intact code, or where the reader cannot tell.
        facts: what else the print says of the sheet itself, name -> text; see :func:`fact_problem`.
    """

    TYPE: ClassVar[str] = "reading"
    OPTIONAL: ClassVar[frozenset[str]] = frozenset({"symbols", "facts"})
    contest: str
    station: str
    reader: str
    version: str
    evidence: tuple[str, ...]
    counts: Counts
    person: int = 0
    opened: int | None = None
    sheet_code: str = ""
    printed: Mapping[str, int] = field(default_factory=dict)
    payload: str = ""
    confidence: int = 1000
    erased: int = 0
    corrected: int = 0
    adjudicates: str = ""
    problems: tuple[str, ...] = ()
    source: str = ""
    line: int = 0
    symbols: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """A rule's answer with its own explanation.

    Attributes:
        rule: name of the rule, as in the profile (``total_within_electors``, …).
        outcome: an :class:`Outcome`.
        because: code of the explanation; the site has a sentence for each in every language.
        values: the numbers that the sentence needs, name -> integer or text.
    """

    rule: str
    outcome: str
    because: str
    values: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision(Leaf):
    """Which counts stand for a station, by which rule, from which readings. Never edited, only superseded.

    Attributes:
        contest, station: the key.
        standing: a :class:`Standing`.
        rule: the policy that was met (``qr_confirmed_by_print``, ``two_people_agree``, ``adjudicated``,
            ``one_reading``, ``imported``, …).
        counts: what stands, or ``None`` where nothing can be said.
        inputs: leaf indexes of every reading that was before the decider, ascending.
        supports: leaf indexes of the readings that carry the counts, ascending; a subset of ``inputs``.
        flags: values of :class:`Flag`, sorted.
        checks: every rule's answer.
        provenance: a :class:`Provenance` (the operator's assertion).
        same_image: other stations that show the same image (the operator's assertion).
        supersedes: leaf index of the decision that this one replaces, or ``None``.
    """

    TYPE: ClassVar[str] = "decision"
    contest: str
    station: str
    standing: str
    rule: str
    counts: Counts | None
    inputs: tuple[int, ...]
    supports: tuple[int, ...]
    flags: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    provenance: str = Provenance.ANONYMOUS.value
    same_image: tuple[str, ...] = ()
    supersedes: int | None = None


@dataclass(frozen=True, slots=True)
class ReleaseLeaf(Leaf):
    """A numbered state of the publication.

    Attributes:
        number: 1, 2, …
        manifest: SHA-256 of ``manifest.json``, hex.
        previous: SHA-256 of the previous release's manifest, hex; empty for the first.
    """

    TYPE: ClassVar[str] = "release"
    number: int
    manifest: str
    previous: str = ""


LEAF_TYPES: Mapping[str, type[Leaf]] = {
    leaf.TYPE: leaf for leaf in (ConfigurationLeaf, ReceiptLeaf, OpenedLeaf, PublicReading, Decision, ReleaseLeaf)
}


def parse_leaf(data: bytes) -> Leaf:
    """The leaf that canonical bytes hold.

    Raises:
        InputError: not canonical JSON, an unknown type, or wrong fields.
    """
    value = parse_canonical(data)
    named = value.get("type") if isinstance(value, dict) else None
    kind = LEAF_TYPES.get(named) if isinstance(named, str) else None
    if kind is None:
        raise InputError("A leaf has no known type.", f"Known: {', '.join(sorted(LEAF_TYPES))}.")
    try:
        return kind.from_json(value)
    except (TypeError, AttributeError) as error:
        raise InputError(f"A {kind.TYPE} leaf has a field of the wrong shape.") from error
