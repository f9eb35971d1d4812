"""The soft decoder with judges, and with several maps: what they add, and how often an answer is wrong: never, so far.

Rules of this module
--------------------
1. As in :mod:`benchmarks.soft`: a trial follows from its number alone, damage goes far beyond what can be read, and
   trust is often without meaning.
2. Half of the judges lie: with another sheet's header, with one digit of the right one changed, with other totals.
   One trial in five has lost the check symbols, so that next to nothing but the judge speaks for the data; three in ten
   have rubbish where the header stands, so that a judge is of use.
3. Half of the sets of maps are of different sheets. Many of those are made to look alike: of one centre, with most
   figures in common, of equal length, under the same mask. Any answer from such a set is *wrong*, even one's own text.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from benchmarks.soft import FAMILIES, SEED, Floats, Rng, contests, modules_of, payload_of, rubbish, setting, trusted
from testigo.election import Contest, Payload, parse_payload
from testigo.reading.soft import Effort, Judge, Totals, decode_judged, decode_modules, decode_several
from testigo.reading.soft.symbol import blocks, layout, side

_EFFORT = Effort(attempts=2, order=2, shaken=4)
_VERSION = 8


def trial_judged(number: int) -> dict[str, Any]:
    """One trial with a judge: as :func:`benchmarks.soft.trial`; ``helped`` if nothing was read without the judge."""
    rng = np.random.default_rng((SEED, 11, number))
    contest = contests()[int(rng.random() < 0.15)]
    kind = rng.random()
    if kind < 0.5:
        contest = contests()[0]
        family, allowed, trust = (_header_gone if kind < 0.3 else _checks_gone)(contest, rng)
    else:
        family, allowed, trust = setting(contest, rng)
    text = allowed[0] if allowed else payload_of(contest, rng)
    judge, lies = _judge(contest, text, rng)
    began = time.process_time()
    answer = decode_judged(trust, contests(), [judge], effort=_EFFORT)
    seconds = time.process_time() - began
    said = None if answer is None else answer.payload.text
    return {
        "family": f"{family}, {'lying' if lies else 'true'} judge",
        "read": said is not None and said in allowed,
        "wrong": said is not None and said not in allowed,
        "helped": answer is not None and answer.judged,
        "margin": None if answer is None else round(answer.margin, 1),
        "seconds": seconds,
    }


def _header_gone(contest: Contest, rng: Rng) -> tuple[str, tuple[str, ...], Floats]:
    """Rubbish where the header stands, and on some check symbols of its block: where a judge is of use."""
    text = _fitting(contest, rng)
    signs = _signs(text, int(rng.integers(8)), rng)
    place, dealt = layout(_VERSION), blocks(_VERSION, "Q")
    gone = dealt.members[0][: dealt.data[0] + int(rng.integers(5, 20))]
    bits = (gone[:, None] * 8 + np.arange(8)).ravel()
    signs[place.rows[bits], place.columns[bits]] = rng.choice([-1.0, 1.0], len(bits))
    signs = np.where(rng.random(signs.shape) < rng.uniform(0, 0.01), -signs, signs)
    return "header gone", (text,), trusted(signs, rng)


def _checks_gone(contest: Contest, rng: Rng) -> tuple[str, tuple[str, ...], Floats]:
    """The left side lost, where the check symbols stand, and a few modules of the data turned over."""
    text = _fitting(contest, rng)
    signs = _signs(text, int(rng.integers(8)), rng)
    signs = np.where(rng.random(signs.shape) < rng.uniform(0, 0.02), -signs, signs)
    signs[:, : round(rng.uniform(0.4, 0.62) * len(signs))] = 0
    return "checks gone", (text,), trusted(signs, rng)


def _judge(contest: Contest, text: str, rng: Rng) -> tuple[Judge, bool]:
    other = payload_of(contest, rng)
    lie = int(rng.integers(6))  # 0 to 2: none
    header, totals = _header(contest, other if lie == 3 else text), _totals(contest, other if lie == 5 else text)
    if lie == 4:
        place = int(rng.choice([n for n, letter in enumerate(header) if letter.isdigit()][:11]))
        header = header[:place] + str((int(header[place]) + int(rng.integers(1, 10))) % 10) + header[place + 1 :]
    whole = rng.random() < 0.5
    kept = Judge(contest.code, header, totals if whole else Totals())
    if lie == 5:
        kept = Judge(contest.code, header if whole else "", totals)
    return kept, lie >= 3


def _parsed(contest: Contest, text: str) -> Payload:
    payload = parse_payload(contest, text)
    assert payload is not None
    return payload


def _header(contest: Contest, text: str) -> str:
    return _parsed(contest, text).code.text


def _totals(contest: Contest, text: str) -> Totals:
    counts = _parsed(contest, text).counts
    return Totals(counts.valid, counts.null, counts.blank)


# ------------------------------------------------------------------------- several maps


def trial_together(number: int) -> dict[str, Any]:
    """One trial with two to four maps; ``helped`` if none of them can be read alone."""
    rng = np.random.default_rng((SEED, 12, number))
    contest = contests()[0]
    family, text, codes = _set(contest, rng)
    maps = [_damaged(signs, rng) for signs in codes]
    began = time.process_time()
    answer = decode_several(maps, [contest], effort=_EFFORT)
    seconds = time.process_time() - began
    said = None if answer is None else answer.payload.text
    good = said is not None and said == text
    return {
        "family": family,
        "read": good,
        "wrong": said is not None and not good,
        "helped": good and not any(decode_modules(one, [contest], effort=_EFFORT) for one in maps),
        "margin": None if answer is None else round(answer.margin, 1),
        "seconds": seconds,
    }


def _set(contest: Contest, rng: Rng) -> tuple[str, str, list[Floats]]:
    """What the maps are of, the text that may be answered (empty: none), and whole maps."""
    first, count = _fitting(contest, rng), int(rng.integers(2, 5))
    kind = rng.random()
    if kind < 0.5:
        return "one sheet", first, [_signs(first, int(rng.integers(8)), rng)] * count
    mask = int(rng.integers(8))
    if kind < 0.8:
        others = [_sister(contest, first, rng) for _ in range(count - 1)]
        return "sister sheets", "", [_signs(text, mask, rng) for text in (first, *others)]
    if kind < 0.9:
        others = [_fitting(contest, rng) for _ in range(count - 1)]
        return "other sheets", "", [_signs(text, mask, rng) for text in (first, *others)]
    odd = rubbish(first, rng)
    while odd.shape[0] != side(_VERSION):
        odd = rubbish(first, rng)
    return "a sheet and rubbish", "", [_signs(first, mask, rng), np.sign(odd)]


def _fitting(contest: Contest, rng: Rng) -> str:
    while len(text := payload_of(contest, rng)) > 108:
        pass
    return text


def _sister(contest: Contest, text: str, rng: Rng) -> str:
    """Another table of the same centre with most figures in common, each as long as the other's."""
    header, *fields = text.split("!")
    table = 1 + int(header[10:12]) % 98
    changed = rng.uniform(0.05, 0.6)
    rest = [
        str(rng.integers(1, 10)) if rng.random() < changed and letter.isdigit() and letter != "0" else letter
        for letter in "!".join(fields)
    ]
    sister = f"{header[:10]}{table:02d}{header[12:]}!{''.join(rest)}"
    return _parsed(contest, sister).text


def _signs(text: str, mask: int, rng: Rng) -> Floats:
    return np.where(modules_of(text, rng, version=_VERSION, mask=mask), 1.0, -1.0)


def _damaged(signs: Floats, rng: Rng) -> Floats:
    family = str(rng.choice([name for name in FAMILIES if name != "slip"]))
    return trusted(FAMILIES[family](signs, float(rng.uniform(0.2, 1.0)), rng), rng)
