"""What a line of frames can say, within a grammar: numbers, digit words, given labels; each with its chance.

The model gives, for every step, the chance of every letter. A text's chance is the sum over all ways to spread its
letters over the steps (connectionist temporal classification). Here only texts of a grammar are asked about.

Rules of this module
--------------------
1. Syntax only: every number is as likely as any other before the picture is seen.
2. A chance is that of the model, with a small floor, so that one bad letter makes a text unlikely, not impossible.
3. Letters that look like a digit count half towards it where only digits can stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from testigo.reading.print.recogniser import BLANK, INDEX, OTHER, Frames, fold

Double = NDArray[np.float64]

FLOOR = 2e-4  # chance of a letter that the model does not see at all
ASTRAY = 1e-5  # how likely a word is something else, or illegible, before it is seen
_JUNK = 0.02  # how readily something before or behind the words is passed over, per step
_ALIKE = {"0": "oqd", "1": "il", "2": "z", "5": "s", "8": "b", "9": "g", "6": "g"}
_PUNCTUATION = [INDEX[letter] for letter in ",.:-/() "]


# --------------------------------------------------------------------------------------- numbers


def digit_chances(frames: Frames) -> Double:
    """Shape (steps, 11): the chance of no letter, and of each digit."""
    chances = frames.chances.astype(np.float64)
    digits = np.zeros((len(chances), 11))
    # Spaces and points between figures are no letters: a speck must not make a number unreadable.
    digits[:, 0] = chances[:, BLANK] + 0.7 * chances[:, _PUNCTUATION].sum(axis=1)
    for digit in range(10):
        digits[:, digit + 1] = chances[:, INDEX[str(digit)]]
        for letter in _ALIKE.get(str(digit), ""):
            digits[:, digit + 1] += 0.5 * chances[:, INDEX[letter]]
    return np.maximum(digits, FLOOR / 20)


def likely_numbers(frames: Frames, most_digits: int = 5, beam: int = 10) -> list[tuple[str, float]]:
    """The likeliest runs of digits with their chances, best first; the empty run is among them.

    The chances are absolute: what is missing to 1 says something else than a number.
    """
    chances = digit_chances(frames)
    plain = _plainly(chances)
    if plain is not None and len(plain[0]) <= most_digits:
        return [plain]
    paths: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}  # digits -> chance ending in no letter, in its last digit
    for row in chances:
        grown: dict[str, list[float]] = {}
        for digits, (blank, letter) in paths.items():
            here = grown.setdefault(digits, [0.0, 0.0])
            here[0] += (blank + letter) * row[0]
            if digits:
                here[1] += letter * row[int(digits[-1]) + 1]
            if len(digits) < most_digits:
                for digit in range(10):
                    before = blank if digits and digits[-1] == str(digit) else blank + letter
                    if before * row[digit + 1] > 1e-12:
                        grown.setdefault(digits + str(digit), [0.0, 0.0])[1] += before * row[digit + 1]
        best = sorted(grown.items(), key=lambda item: -(item[1][0] + item[1][1]))[:beam]
        paths = {digits: (blank, letter) for digits, (blank, letter) in best}
    return sorted(((digits, b + n) for digits, (b, n) in paths.items()), key=lambda item: -item[1])


def _plainly(chances: Double) -> tuple[str, float] | None:
    """The digits where no step leaves a doubt, with a lower bound of their chance."""
    chance = float(np.prod(chances.max(axis=1)))
    if chance < 0.99:
        return None
    digits, before = "", 0
    for number in chances.argmax(axis=1):
        if number not in (0, before):
            digits += str(number - 1)
        before = int(number)
    return (digits, min(1.0, chance)) if digits else None


# ----------------------------------------------------------------------------------- given texts


def chances_of(frames: Frames, texts: Sequence[str], floor: float = FLOOR) -> Double:
    """The natural logarithm of each text's chance. The texts are folded; shape (texts,)."""
    folded = [fold(text) for text in texts]
    longest = max((len(text) for text in folded), default=0)
    states = np.full((len(texts), 2 * longest + 1), BLANK)
    for n, text in enumerate(folded):
        states[n, 1 : 2 * len(text) : 2] = [INDEX[letter] for letter in text]
    skip = np.zeros(states.shape, bool)
    skip[:, 2:] = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    chances = np.maximum(frames.chances.astype(np.float64), floor)
    alpha = np.zeros(states.shape)
    alpha[:, 0] = 1.0
    lost = 0.0
    for n, row in enumerate(chances):
        moved = alpha.copy() if n else np.zeros_like(alpha)
        moved[:, 1:] += alpha[:, :-1] if n else 0
        moved[:, 2:] += np.where(skip[:, 2:], alpha[:, :-2], 0) if n else 0
        if n == 0:
            moved[:, :2] = 1.0
        alpha = moved * row[states]
        scale = alpha.max()
        alpha /= scale
        lost += float(np.log(scale))
    ends = np.array([2 * len(text) for text in folded])
    rows = np.arange(len(texts))
    total = alpha[rows, ends] + np.where(ends > 0, alpha[rows, np.maximum(ends - 1, 0)], 0)
    return np.asarray(np.log(np.maximum(total, 1e-300)) + lost, np.float64)


def best_path(frames: Frames) -> float:
    """The natural logarithm of the chance of the likeliest way through the frames, whatever it says."""
    return float(np.log(np.maximum(frames.best, 1e-6)).sum())


# ---------------------------------------------------------------------------------- digit words


@dataclass(frozen=True, slots=True)
class WordsRead:
    """What a line says as digit words.

    Attributes:
        posteriors: shape (digits, 10): the chance of each digit at each place; what is missing to 1 says that
            something else stands there, or a word too badly printed to be told.
    """

    posteriors: Double


class WordGrammar:
    """Reads numbers spelt digit by digit.

    Args:
        words: for 0 to 9.
        places: how many of them make a number.
    """

    def __init__(self, words: Sequence[str], places: int) -> None:
        self.places = places
        self._words = tuple(words)
        folded = [fold(word) for word in words]
        self._forward = _chain(folded)
        self._backward = _chain([word[::-1] for word in folded])

    @cached_property
    def others(self) -> tuple[WordGrammar, ...]:
        """The grammars with one word less and one more: machines differ in how far they fill up with zeros."""
        return tuple(WordGrammar(self._words, places) for places in (self.places - 1, self.places + 1) if places > 1)

    def read(self, lines: Sequence[Frames]) -> list[WordsRead]:
        """What each line says."""
        if not lines:
            return []
        padded = _padded(lines)
        forward = self._run(padded, self._forward, ASTRAY)
        backward = self._run(padded[:, ::-1], self._backward, ASTRAY)
        # Leaving place p at step t, the rest is what the reversed run had gathered before it came to step t.
        rest = backward.before[:, ::-1, : self.places][:, :, ::-1]
        scale = forward.scale + np.concatenate([np.zeros((len(lines), 1)), backward.scale[:, :-1]], axis=1)[:, ::-1]
        weight = np.exp(scale - scale.max(axis=1, keepdims=True))
        joint = np.einsum("ntpw,ntp->npw", forward.finals * weight[:, :, None, None], rest)
        posteriors = joint / np.maximum(joint.sum(axis=2, keepdims=True), 1e-300)
        return [WordsRead(posteriors[n, :, :-1]) for n in range(len(lines))]

    def fits(self, lines: Sequence[Frames]) -> Double:
        """How much less likely such words are, all of them legible, than the best reading of whatever kind: natural
        logarithms, 0 is best; shape (lines,)."""
        total = self._run(_padded(lines), self._forward, 0.0).total
        return np.asarray(total - [best_path(line) for line in lines], np.float64)

    def _run(self, chances: Double, chain: _Chain, astray: float) -> _Pass:
        """Forward pass over all lines at once. ``astray``: how likely a word is no word, whatever is seen there."""
        lines, steps, _ = chances.shape
        letters = np.maximum(chances, FLOOR)
        gap = np.maximum(letters[:, :, BLANK] + letters[:, :, _PUNCTUATION].sum(axis=2), FLOOR)
        junk = np.maximum(gap, _JUNK)
        anything = letters.max(axis=2)
        words = len(chain.ends)
        alpha = np.zeros((lines, self.places, *chain.states.shape))
        lost_word = np.zeros((lines, self.places))
        pause = np.zeros((lines, self.places + 1))  # between the words, and before and behind them
        pause[:, 0] = 1.0
        before = np.zeros((lines, steps, self.places + 1))
        finals = np.zeros((lines, steps, self.places, words + 1))
        lost = np.zeros((lines, steps))
        which = np.arange(words)
        for step in range(steps):
            ends = alpha[:, :, which, chain.ends]
            arrive = pause.copy()
            arrive[:, 1:] += ends.sum(axis=2) + lost_word
            before[:, step] = arrive
            moved = alpha.copy()
            moved[..., 1:] += alpha[..., :-1]
            moved[..., 2:] += alpha[..., :-2] * chain.skip[:, 2:]
            moved[..., 0] += arrive[:, : self.places, None]
            alpha = moved * letters[:, step][:, chain.states][:, None]
            lost_word = (lost_word + astray * arrive[:, : self.places]) * anything[:, step, None]
            waiting = np.repeat(gap[:, step, None], self.places + 1, axis=1)
            waiting[:, [0, -1]] = junk[:, step, None]
            pause = arrive * waiting
            scale = np.maximum(alpha.sum(axis=(1, 2, 3)) + pause.sum(axis=1) + lost_word.sum(axis=1), 1e-300)
            alpha /= scale[:, None, None, None]
            lost_word /= scale[:, None]
            pause /= scale[:, None]
            lost[:, step] = np.log(scale)
            finals[:, step, :, :-1] = alpha[:, :, which, chain.ends]
            finals[:, step, :, -1] = lost_word
        whole = pause[:, -1] + alpha[:, -1, which, chain.ends].sum(axis=1) + lost_word[:, -1]
        gathered = np.cumsum(lost, axis=1)
        return _Pass(before, finals, gathered, np.log(np.maximum(whole, 1e-300)) + gathered[:, -1])


def _padded(lines: Sequence[Frames]) -> Double:
    """The chances of all lines, short ones filled up with blanks at the end, which say nothing; shape (lines, steps,
    :data:`~testigo.reading.print.recogniser.CLASSES`)."""
    padded = np.zeros((len(lines), max(len(line.chances) for line in lines), lines[0].chances.shape[1]))
    padded[:, :, BLANK] = 1.0
    for n, line in enumerate(lines):
        padded[n, : len(line.chances)] = line.chances
    return padded


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one pass over the steps leaves; every step's chances are divided by its scale.

    Attributes:
        before: of standing before each place, before the step is read; shape (lines, steps, places + 1).
        finals: of each word's last letter at each step, and of a word that is none; shape (lines, steps, places,
            words + 1).
        scale: natural logarithm of what the chances after each step must be multiplied by; shape (lines, steps).
        total: natural logarithm of the whole chance; shape (lines,).
    """

    before: Double
    finals: Double
    scale: Double
    total: Double


@dataclass(frozen=True, slots=True)
class _Chain:
    """The states of ten words side by side: letters with blanks between them."""

    states: NDArray[np.intp]
    skip: NDArray[np.bool_]
    ends: NDArray[np.intp]


def _chain(words: Sequence[str]) -> _Chain:
    longest = max(len(word) for word in words)
    states = np.full((len(words), 2 * longest - 1), OTHER)
    for n, word in enumerate(words):
        for place, letter in enumerate(word):
            states[n, 2 * place] = INDEX[letter]
            if place + 1 < len(word):
                states[n, 2 * place + 1] = BLANK
    skip = np.zeros(states.shape, bool)
    skip[:, 2:] = (states[:, 2:] != BLANK) & (states[:, 2:] != states[:, :-2])
    return _Chain(states.astype(np.intp), skip, np.array([2 * len(word) - 2 for word in words], np.intp))
