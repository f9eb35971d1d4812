"""What is known of a payload's bits before any is seen: from the profile's grammar, by syntax alone.

Rules of this module
--------------------
1. Known is what *every* payload of the grammar has in that place: the segment's header, the fixed bits of the alphabet,
   the form of the sheet code, separators in fixed places, padding. Never which votes, or which stations, are likely.
2. The length is not known: each admissible one is a shape of its own, and what is seen chooses between them.
3. A text that a judge vouches for (the code in the sheet's header) may be given as known; whoever gives it says so in
   the reading.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from re import _constants as codes  # type: ignore[attr-defined]  # the only description of a pattern's shape
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import numpy as np
import numpy.typing as npt

from testigo.election.profile import Contest, QRGrammar
from testigo.reading.soft.modes import ALPHANUMERIC as _ALPHANUMERIC
from testigo.reading.soft.modes import MODES as _MODES

Signs = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_DIGITS = frozenset("0123456789")
_PADDING = (0xEC, 0x11)


@dataclass(frozen=True, slots=True)
class Syntax:
    """The shape of a contest's payloads.

    Attributes:
        contest: code of the contest.
        alphabet: every character.
        head: the characters possible in each of the first places; further places admit the alphabet.
        digit_at_end: whether the last character is a digit.
        shortest, longest: characters.
        code_length: characters of the sheet code, if it comes first and all have the same; else 0.
    """

    contest: str
    alphabet: frozenset[str]
    head: tuple[frozenset[str], ...]
    digit_at_end: bool
    shortest: int
    longest: int
    code_length: int = 0

    def admitted(self, place: int, length: int) -> frozenset[str]:
        """The characters possible in a place of a payload of that length."""
        if place < len(self.head):
            return self.head[place]
        return _DIGITS if self.digit_at_end and place == length - 1 else self.alphabet


@dataclass(frozen=True)
class Shape:
    """One way in which the data bits may be filled.

    Attributes:
        mode: ``byte``, ``alphanumeric`` or ``numeric``; empty if nothing is assumed.
        length: characters; 0 if nothing is assumed.
        known: +1 for a bit that is one, -1 for zero, 0 not known; in the order of the message.
        free: bits of choice that the syntax leaves in each bit: 0 where it is known, less than 1 where the alphabet
            does not use every combination.
    """

    contest: str
    mode: str
    length: int
    known: Signs
    free: Floats


def syntax_of(contest: Contest, vouched: str = "") -> Syntax | None:
    """The shape of a contest's payloads; ``None`` if its sheets carry no code.

    Args:
        contest: with its grammar.
        vouched: the text with which the payload begins, if something else than the code tells it.
    """
    if contest.qr is None:
        return None
    numbers = len(contest.line_codes), len(contest.candidate_codes)
    return _syntax(contest.code, contest.sheet_code, contest.process, numbers, contest.qr, vouched)


@lru_cache(maxsize=64)
def _syntax(
    contest: str, sheet_code: str, process: str, numbers: tuple[int, int], grammar: QRGrammar, vouched: str
) -> Syntax:
    ranges = [_range_of(sheet_code, numbers, grammar, field) for field in grammar.fields]
    between = len(grammar.separator) * (len(ranges) - 1)
    return Syntax(
        contest=contest,
        alphabet=frozenset(grammar.alphabet),
        head=_head(sheet_code, process, grammar, vouched),
        digit_at_end=grammar.fields[-1] != "sheet_code",
        shortest=sum(low for low, _ in ranges) + between,
        longest=sum(high for _, high in ranges) + between,
        code_length=ranges[0][0] if grammar.fields[0] == "sheet_code" and len(set(ranges[0])) == 1 else 0,
    )


def _range_of(sheet_code: str, numbers: tuple[int, int], grammar: QRGrammar, field: str) -> tuple[int, int]:
    if field == "sheet_code":
        low, high = parser.parse(sheet_code).getwidth()
        return int(low), int(min(high, 64))
    count = {"lines": numbers[0], "candidates": numbers[1]}.get(field, 1)
    between = len(grammar.line_separator) * (count - 1)
    return count + between, count * grammar.max_digits + between


def _head(sheet_code: str, process: str, grammar: QRGrammar, vouched: str) -> tuple[frozenset[str], ...]:
    if grammar.fields[0] != "sheet_code":
        first: list[frozenset[str]] = [_DIGITS]
    else:
        first, whole = _places(parser.parse(sheet_code), grammar.alphabet, process)
        if whole and len(grammar.fields) > 1:
            first += [frozenset(character) for character in grammar.separator]
            first += [_DIGITS] if grammar.fields[1] != "sheet_code" else []
    for place, character in enumerate(vouched):
        first[place : place + 1] = [frozenset(character)]
    return tuple(first)


def _places(tokens: Any, alphabet: str, process: str) -> tuple[list[frozenset[str]], bool]:
    """The characters possible in the first places of a pattern, as long as their places are fixed; and whether all."""
    places: list[frozenset[str]] = []
    for operation, argument in tokens:
        if operation is codes.SUBPATTERN:
            inner, whole = _places(argument[3], alphabet, process)
            is_process = process and whole and len(inner) == len(process) and _is_group(tokens, argument[0], "process")
            places += [frozenset(character) for character in process] if is_process else inner
        elif operation is codes.MAX_REPEAT and argument[0] == argument[1]:
            inner, whole = _places(argument[2], alphabet, process)
            places += inner * (argument[0] if whole else 1)
        elif operation is codes.LITERAL:
            whole = True
            places.append(frozenset(chr(argument)))
        elif operation is codes.IN:
            whole = True
            places.append(frozenset(c for c in alphabet if _in_set(argument, c)))
        else:
            whole = False
        if not whole:
            return places, False
    return places, True


def _is_group(tokens: Any, number: int | None, name: str) -> bool:
    return number is not None and tokens.state.groupdict.get(name) == number


def _in_set(items: Any, character: str) -> bool:
    for operation, argument in items:
        if operation is codes.LITERAL and ord(character) == argument:
            return True
        if operation is codes.RANGE and argument[0] <= ord(character) <= argument[1]:
            return True
        if operation is codes.CATEGORY and argument is codes.CATEGORY_DIGIT and character in _DIGITS:
            return True
        if operation not in (codes.LITERAL, codes.RANGE, codes.CATEGORY):
            return True  # not understood: nothing is known
    return False


@dataclass(frozen=True, slots=True)
class Filling:
    """A way to fill the data codewords: mode, characters, and which of the three ends (see :func:`_padded`)."""

    mode: str
    length: int
    end: int


@dataclass(frozen=True, slots=True)
class RatedFillings:
    """Every filling of one mode and what it gains (nats) under each mask: ``scores[mask, end, length]``."""

    mode: str
    lengths: Ints
    scores: Floats

    def near(self, mask: int, least: float) -> list[Filling]:
        """Those that gain at least so much."""
        ends, lengths = np.nonzero(self.scores[mask] >= least)
        return [Filling(self.mode, int(self.lengths[k]), int(end)) for end, k in zip(ends, lengths, strict=True)]


def rated_fillings(syntax: Syntax, version: int, one: Floats, zero: Floats) -> tuple[RatedFillings, ...]:
    """Every way in which a payload of that syntax can fill the data bits, and how well it explains what is seen.

    Args:
        syntax: of the payload.
        version: of the symbol.
        one, zero: what each data bit gains over chance by being one, or zero (nats), in the order of the message; one
            row per mask.
    """
    found = []
    for mode in _plausible(syntax):
        lengths, ends = _lengths(syntax, mode, version, one.shape[1])
        if len(lengths):
            body = _body_gain(syntax, mode, version, one, zero)
            scores = np.stack([body + tail for tail in _end_gains(ends, one, zero)], axis=1)
            found.append(RatedFillings(mode, lengths, scores))
    return tuple(found)


@lru_cache(maxsize=256)
def _lengths(syntax: Syntax, mode: str, version: int, capacity: int) -> tuple[Ints, Ints]:
    """The lengths that fit, and how many bits each takes without its end."""
    width = _MODES[mode][1 if version <= 9 else 2]
    lengths = np.arange(syntax.shortest, min(syntax.longest, (1 << width) - 1) + 1)
    group, bits, rest = {"byte": (1, 8, (0,)), "alphanumeric": (2, 11, (0, 6)), "numeric": (3, 10, (0, 4, 7))}[mode]
    ends = 4 + width + lengths // group * bits + np.array(rest)[lengths % group]
    fits = ends <= capacity
    return lengths[fits], ends[fits]


@lru_cache(maxsize=256)
def _body_signs(syntax: Syntax, mode: str, version: int, capacity: int) -> tuple[Signs, Signs, Signs]:
    """Signs of the longest message's bits without its count; signs of the count, one row per length; what a last
    character being a digit adds to a character's signs."""
    lengths, ends = _lengths(syntax, mode, version, capacity)
    width = _MODES[mode][1 if version <= 9 else 2]
    counts = np.array([_bits(int(length), width) for length in lengths], np.int8)
    message = np.zeros(int(ends[-1]), np.int8)
    message[:4] = _bits(_MODES[mode][0], 4)
    if mode == "byte":
        characters = [_fixed_bits(syntax.admitted(place, 1 << 30)) for place in range(int(lengths[-1]))]
        message[4 + width :] = np.array(characters, np.int8).ravel()
    usual, last = _fixed_bits(syntax.alphabet), _fixed_bits(_DIGITS if syntax.digit_at_end else syntax.alphabet)
    return message, counts, np.where(np.array(usual) == 0, np.array(last), 0).astype(np.int8)


def _body_gain(syntax: Syntax, mode: str, version: int, one: Floats, zero: Floats) -> Floats:
    """What headers and characters gain, shape (masks, lengths)."""
    _, ends = _lengths(syntax, mode, version, one.shape[1])
    message, counts, extra = _body_signs(syntax, mode, version, one.shape[1])
    size, width = len(message), counts.shape[1]
    gain = np.where(message > 0, one[:, :size], np.where(message < 0, zero[:, :size], 0.0))
    total = _summed(gain)[:, ends]
    ones, zeros = one[:, 4 : 4 + width], zero[:, 4 : 4 + width]
    total += zeros.sum(axis=1)[:, None] + ((ones - zeros)[:, None, :] * (counts > 0)).sum(axis=2)
    if mode == "byte" and extra.any():
        places = ends - 8
        for bit in np.flatnonzero(extra):
            total += (one if extra[bit] > 0 else zero)[:, places + bit]
    return np.asarray(total, np.float64)


def _summed(gain: Floats) -> Floats:
    return np.concatenate((np.zeros((len(gain), 1)), np.cumsum(gain, axis=1)), axis=1)


def _end_gains(ends: Ints, one: Floats, zero: Floats) -> tuple[Floats, Floats, Floats]:
    """What the three ends of :func:`_padded` gain for messages that end at these bits, shape (masks, lengths)."""
    masks, capacity = one.shape
    zeros = _summed(zero)
    aligned = np.minimum(ends + 4, capacity)
    aligned += -aligned % 8
    stop = zeros[:, aligned] - zeros[:, ends]
    ones_by_byte, zeros_by_byte = one.reshape(masks, -1, 8), zero.reshape(masks, -1, 8)
    first, second = (np.where(_bit_signs(p) > 0, ones_by_byte, zeros_by_byte).sum(axis=2) for p in _PADDING)
    number = np.arange(capacity // 8)
    suffix = []
    for parity in (0, 1):  # the first kind of padding on bytes of this parity
        sums = np.where(number % 2 == parity, first, second)[:, ::-1].cumsum(axis=1)[:, ::-1]
        suffix.append(np.concatenate((sums, np.zeros((masks, 1))), axis=1))
    begin = aligned // 8
    later = np.minimum(begin + 1, capacity // 8)
    standard = stop + np.where(begin % 2 == 0, suffix[0][:, begin], suffix[1][:, begin])
    shifted = stop + zeros[:, 8 * later] - zeros[:, 8 * begin]
    shifted += np.where(later % 2 == 0, suffix[0][:, later], suffix[1][:, later])
    none_left = begin >= capacity // 8
    return standard, np.where(none_left, -np.inf, shifted), np.where(none_left, -np.inf, stop)


def _bit_signs(value: int) -> Signs:
    return np.array(_bits(value, 8), np.int8)


@lru_cache(maxsize=2048)
def shape_of(syntax: Syntax, filling: Filling, version: int, data_codewords: int) -> Shape:
    """The bits of a filling."""
    message = _message(syntax, filling.mode, filling.length, version)
    known = list(_padded(message, 8 * data_codewords))[filling.end]
    free = _choice(syntax, filling.mode, filling.length, version, known)
    return Shape(syntax.contest, filling.mode, filling.length, known, free)


def _plausible(syntax: Syntax) -> Iterator[str]:
    yield "byte"
    if syntax.alphabet <= set(_ALPHANUMERIC):
        yield "alphanumeric"
    if syntax.alphabet <= _DIGITS:
        yield "numeric"


def _message(syntax: Syntax, mode: str, length: int, version: int) -> list[int]:
    """The bits of header and characters: +1, -1, 0 where not known."""
    indicator, short, longer = _MODES[mode]
    width = short if version <= 9 else longer
    bits = [*_bits(indicator, 4), *_bits(length, width)]
    if mode == "byte":
        for place in range(length):
            bits += _fixed_bits(syntax.admitted(place, length))
    elif mode == "alphanumeric":
        bits += [0] * (11 * (length // 2) + 6 * (length % 2))
    else:
        bits += [0] * (10 * (length // 3) + (0, 4, 7)[length % 3])
    return bits


def _padded(message: list[int], capacity: int) -> Iterator[Signs]:
    """The message with its end: as the standard has it; as some encoders do, a byte of zeros more; or unknown."""
    ended = message + [-1] * min(4, capacity - len(message))
    ended += [-1] * (-len(ended) % 8)
    left = (capacity - len(ended)) // 8
    padding = [bit for number in range(left) for bit in _bits(_PADDING[number % 2], 8)]
    yield np.array(ended + padding, np.int8)
    if left:
        yield np.array(ended + [-1] * 8 + padding[: 8 * (left - 1)], np.int8)
        yield np.array(ended + [0] * 8 * left, np.int8)


def _choice(syntax: Syntax, mode: str, length: int, version: int, known: Signs) -> Floats:
    free = (known == 0).astype(np.float64)
    if mode == "byte":
        first = 4 + _MODES[mode][1 if version <= 9 else 2]
        bits = free[first : first + 8 * length].reshape(length, 8)
        choice = np.array([math.log2(len(syntax.admitted(place, length))) for place in range(length)])
        bits *= (choice / np.maximum(1.0, bits.sum(axis=1)))[:, None]
        free[first : first + 8 * length] = bits.ravel()
    return np.asarray(free, np.float64)


def _bits(value: int, width: int) -> list[int]:
    return [1 if value >> place & 1 else -1 for place in range(width - 1, -1, -1)]


@lru_cache(maxsize=256)
def _fixed_bits(characters: frozenset[str]) -> tuple[int, ...]:
    """The bits in which all these characters agree."""
    values = [ord(character) for character in characters]
    every, some = values[0], values[0]
    for value in values:
        every, some = every & value, some | value
    return tuple(1 if every >> b & 1 else 0 if some >> b & 1 else -1 for b in range(7, -1, -1))


def shape_without_syntax(contest: str, data_codewords: int) -> Shape:
    """The shape that assumes nothing: for payloads of several segments."""
    return Shape(contest, "", 0, np.zeros(8 * data_codewords, np.int8), np.ones(8 * data_codewords))
