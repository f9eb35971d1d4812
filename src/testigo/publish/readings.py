"""Who read what: each reading in words, and how many agree on each number.

Rules of this module
--------------------
1. A number agrees where it is equal; a reading that does not give it is not counted.
2. Numbers of a reading that disagrees are shown, not only the fact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from testigo.election import Contest
from testigo.election.oddities import oddity
from testigo.publish.words import Words
from testigo.records import Counts, Evidence


class Agreement:
    """How many readings give each number of a station."""

    def __init__(self, words: Words, counts: Counts | None, readings: Sequence[Mapping[str, Any]]) -> None:
        self._words = words
        self._readings = [one for one in readings if one["valid"] is not None] if counts else []
        self.several = len(self._readings) > 1  # of one reading there is nothing to say
        self._all: dict[int, str] = {}

    def of(self, column: str, votes: int) -> str:
        """``2 de 2``; ``2 de 3; otra dice 47``; empty where no reading gives that number."""
        if not self.several:
            return ""
        said = [one[column] for one in self._readings if one.get(column) is not None]
        if not said:
            return ""
        other = [count for count in said if count != votes]
        if not other:
            known = self._all.get(len(said))
            if known is None:
                known = self._all[len(said)] = self._words.say("agree_all", n=len(said))
            return known
        others = ", ".join(self._words.locale.integer(count) for count in dict.fromkeys(other))
        return self._words.say("agree_some", n=len(said) - len(other), total=len(said), others=others)


def reading_views(
    words: Words,
    contest: Contest,
    counts: Counts | None,
    readings: Sequence[Mapping[str, Any]],
    supports: Sequence[int],
) -> list[dict[str, Any]]:
    """Each reading: who, with what, and what it says beside the numbers that stand."""
    views = []
    for one in readings:
        evidence = ", ".join(words.sentence("evidence", code) for code in one["evidence"])
        sentences = [words.say("reading_used", evidence=evidence), _numbers(words, contest, counts, one)]
        if one["confidence"] < 1000:
            share = words.locale.of_per_mille(one["confidence"])
            sentences.append(words.say("reading_confidence", share=share))
        if one["erased"] or one["corrected"]:
            sentences.append(words.say("reading_repaired", erased=one["erased"], corrected=one["corrected"]))
        if one["adjudicates"]:
            sentences.append(words.t.reading_adjudicates)
        views.append(
            {
                "reader": _reader(words, one),
                "version": "" if one["person"] else one["version"],
                "problems": [oddity(code, words.language) for code in one["problems"]],
                "carries": one["leaf"] in supports,
                "says": " ".join(sentences),
                "payload": one["payload"],
            }
        )
    return views


def _reader(words: Words, reading: Mapping[str, Any]) -> str:
    if reading["person"]:
        return words.say("reader_person", n=reading["person"])
    if Evidence.TABLE.value in reading["evidence"]:
        return str(words.t.reader_table)
    return str(reading["reader"])


def _numbers(words: Words, contest: Contest, counts: Counts | None, reading: Mapping[str, Any]) -> str:
    said = {one.short: reading[f"c_{one.code}"] for one in contest.candidates}
    listed = ", ".join(f"{name} {words.locale.integer(votes)}" for name, votes in said.items() if votes is not None)
    if counts is None:
        return words.say("reading_alone", numbers=listed)
    pairs: list[tuple[int | None, int | None]] = [
        (reading[f"c_{code}"], votes) for code, votes in counts.candidates.items()
    ]
    pairs += [(reading[f"l_{code}"], votes) for code, votes in (counts.lines or {}).items()]
    pairs += [(reading["null"], counts.null), (reading["blank"], counts.blank)]
    same = all(mine == theirs for mine, theirs in pairs if mine is not None and theirs is not None)
    return str(words.t.reading_same) if same else words.say("reading_other", numbers=listed)
