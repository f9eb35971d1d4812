"""Sheet codes through the frames of a line: of all codes that a contest's pattern allows, the one that fits best.

Rules of this module
--------------------
1. The pattern is the profile's; which codes exist is not asked.
2. What is found is a candidate: how sure it is against all that differ in one letter, :mod:`header` says.
3. A pattern that is more than letters, digits and signs in a row gives no candidate.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product

import numpy as np

from testigo.election import Contest
from testigo.reading.print.ctc import FLOOR
from testigo.reading.print.recogniser import BLANK, INDEX, Frames, fold

_PART = re.compile(r"\[([^\]^]+)\]|\\([d./-])|([A-Z0-9/._ -])")
_TIMES = re.compile(r"\{(\d+)\}|(\+)")
_MOST = 3  # places that an open-ended part is tried with
#: A letter and the sign that it is often read as: where only the one can stand, the other half speaks for it.
_DIGITS = (("0", "oqd"), ("1", "il"), ("5", "s"), ("8", "b"), ("2", "z"))
_LETTERS = (("b", "8"), ("s", "5"), ("z", "2"), ("i", "1"))


def likely_code(frames: Frames, contest: Contest) -> str:
    """The likeliest code; empty if the pattern is of another kind or the line too short."""
    chances = np.log(np.maximum(alike(frames), FLOOR))
    found = [
        (score, code)
        for shape in _shapes(contest.sheet_code)
        if len(shape) <= len(chances)
        for score, code in [_best(chances, shape)]
    ]
    return max(found)[1] if found else ""


def alike(frames: Frames, letters_too: bool = True) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The chances of digits, with those of the letters that look like them; and the other way round."""
    chances = frames.chances.copy()
    for letter, others in _DIGITS + _LETTERS if letters_too else _DIGITS:
        chances[:, INDEX[letter]] += 0.5 * frames.chances[:, [INDEX[other] for other in others]].sum(axis=1)
    return chances


def _best(chances: np.ndarray, shape: tuple[str, ...]) -> tuple[float, str]:
    """The best way through the frames that has one letter of each place's in turn, with blanks between them."""
    places = [[INDEX[fold(letter)] for letter in letters] for letters in shape]
    letters = np.stack([chances[:, place].max(axis=1) for place in places])
    which = np.stack([np.array(place)[chances[:, place].argmax(axis=1)] for place in places])
    steps, states = len(chances), 2 * len(shape) + 1
    emitted = np.repeat(chances[:, BLANK][None], states, axis=0)
    emitted[1::2] = letters
    score = np.full(states, -np.inf)
    score[:2] = emitted[:2, 0]
    back = np.zeros((steps, states), np.int8)
    for step in range(1, steps):
        options = np.full((3, states), -np.inf)
        options[0] = score
        options[1, 1:] = score[:-1]
        options[2, 3::2] = score[1:-2:2]
        back[step] = options.argmax(axis=0)
        score = options.max(axis=0) + emitted[:, step]
    state = states - 1 if score[-1] > score[-2] else states - 2
    total = float(score[state])
    seen: list[dict[int, float]] = [{} for _ in shape]
    for step in range(steps - 1, -1, -1):
        if state % 2:
            letter = int(which[state // 2, step])
            best = seen[state // 2]
            best[letter] = max(best.get(letter, -np.inf), float(emitted[state, step]))
        state -= int(back[step, state])
    code = ""
    for place, letters_seen, allowed in zip(places, seen, shape, strict=True):
        letter = max(letters_seen, key=lambda one: letters_seen[one]) if letters_seen else place[0]
        code += allowed[place.index(letter)]
    return total, code


@lru_cache(maxsize=16)
def _shapes(pattern: str) -> tuple[tuple[str, ...], ...]:
    """The letters that each place of a code may have, for every length; empty if the pattern says more than that."""
    plain = re.sub(r"\(\?P<\w+>|\(\?:|[()]", "", pattern)
    parts: list[list[tuple[str, ...]]] = []
    at = 0
    while at < len(plain):
        part = _PART.match(plain, at)
        if part is None:
            return ()
        letters = _letters(part[1] or {"d": "0-9"}.get(part[2], part[2]) or part[3])
        times = _TIMES.match(plain, part.end())
        if any(fold(letter) not in INDEX for letter in letters):
            return ()
        lengths = range(1, _MOST + 1) if times and times[2] else [int(times[1])] if times else [1]
        parts.append([(letters,) * length for length in lengths])
        at = times.end() if times else part.end()
    return tuple(tuple(place for part in picked for place in part) for picked in product(*parts))


def _letters(written: str) -> str:
    """The letters of a class: ``A-Z0-9`` spelt out."""
    spelt = re.sub(r"(\w)-(\w)", lambda span: "".join(map(chr, range(ord(span[1]), ord(span[2]) + 1))), written)
    return "".join(dict.fromkeys(spelt))
