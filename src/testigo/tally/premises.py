"""Does the winner hang on sheets that somebody disputes, or that nobody has confirmed yet?

The same worst case (:mod:`testigo.tally.certainty`), asked of fewer stations: a station that a premise does not accept
is *not counted*, so that all its electors may have voted for the runner-up. What the headline says is one premise.

In question
-----------
A station is in question if it is contested, whatever its standing, or has counts that the headline does not take
(reported, documented). Three questions, from the mildest to the hardest:

1. *As they stand*: all of them counted as their own sheets say, or none of them: does another candidate lead?
2. *At worst*: all that is not in question is right, and every elector of the stations in question voted for the
   runner-up; does the leader stay ahead? Stations without any counts are not part of this question.
3. The whole worst case, with every missing station too: the premise ``undisputed``.

Rules of this module
--------------------
1. Sums over arrays of the same tally; nothing is counted twice, nothing is estimated.
2. Electors unknown at a station in question: bounded by what the country has left, or the answer is *unknown*.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testigo.records import Standing
from testigo.tally.certainty import Certainty
from testigo.tally.counted import STANDINGS, Mask
from testigo.tally.places import AreaTotals
from testigo.tally.totals import Tally

#: Premise -> the stations that it accepts, as a sentence in the languages of the report.
PREMISES: dict[str, dict[str, str]] = {
    "headline": {"es": "las mesas que el titular cuenta", "en": "the stations that the headline counts"},
    "undisputed": {
        "es": "solo las mesas contadas que nadie disputa",
        "en": "only the counted stations that nobody disputes",
    },
    "confirmed": {
        "es": "solo actas confirmadas aquí, no las importadas de otros",
        "en": "only sheets confirmed here, none imported from others",
    },
    "confirmed_undisputed": {
        "es": "solo actas confirmadas aquí y sin disputa",
        "en": "only sheets confirmed here and not disputed",
    },
    "every_count": {
        "es": "todas las mesas con cifras, también las no confirmadas",
        "en": "every station with counts, also unconfirmed ones",
    },
}


@dataclass(frozen=True, slots=True)
class Premise:
    """The country as one premise sees it.

    Attributes:
        code: key of :data:`PREMISES`.
        stations: that it accepts.
        leader: code; ``None`` if tied or without votes.
        certainty: the worst case of everything else.
    """

    code: str
    stations: int
    leader: str | None
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Dispute:
    """Whether the stations in question would change the winner.

    Attributes:
        answer: ``nothing`` (none is in question), ``no`` (not even at worst), ``as_they_stand`` (their own counts, in
            or out, change the leader), ``at_worst`` (only if their sheets are wrong enough), ``unknown`` (not even at
            the best known bound can it be said).
        stations: in question; ``contested`` and ``unconfirmed`` (counts that the headline does not take) of those.
        leader: code of the headline's; ``leader_without``, ``leader_with``: without any and with all of them.
        lead_without: votes between first and second without any of them.
        electors: the most electors that they have; ``None`` if unknown.
    """

    answer: str
    stations: int
    contested: int
    unconfirmed: int
    leader: str | None
    leader_without: str | None
    leader_with: str | None
    lead_without: int
    electors: int | None

    @property
    def worst_case_margin(self) -> int | None:
        """``lead_without − electors``: what the leader keeps if all of them voted for the runner-up."""
        return None if self.electors is None else self.lead_without - self.electors


def premises(tally: Tally) -> tuple[Premise, ...]:
    """The worst case on every premise of :data:`PREMISES`, in that order."""
    counted, headline = tally.stations.counted, tally.stations.headline
    confirmed = counted.has_counts & (counted.standing == STANDINGS.index(Standing.CONFIRMED))
    masks = {
        "headline": headline,
        "undisputed": headline & ~counted.contested,
        "confirmed": confirmed,
        "confirmed_undisputed": confirmed & ~counted.contested,
        "every_count": headline | _with_standing_counts(tally),
    }
    return tuple(premise(tally, code, masks[code]) for code in PREMISES)


def premise(tally: Tally, code: str, accepted: Mask) -> Premise:
    """The country if exactly these stations are taken.

    Args:
        accepted: bool[n], over the entries of ``tally.stations.counted``.
    """
    votes = _votes(tally, accepted)
    stations = int(np.count_nonzero(accepted))
    return Premise(code, stations, _leader(votes), _certainty(tally, accepted, votes))


def disputed(tally: Tally) -> Dispute:
    """Whether the stations in question would change the winner; the module's docstring has the questions."""
    counted, headline = tally.stations.counted, tally.stations.headline
    unconfirmed = _with_standing_counts(tally) & ~headline
    asked = counted.contested | unconfirmed
    without, everything = headline & ~asked, headline | unconfirmed
    votes = [_votes(tally, mask) for mask in (headline, without, everything)]
    leader, leader_without, leader_with = (_leader(one) for one in votes)
    lead = _lead(votes[1])
    electors = _electors_of(tally, asked, without)
    if not asked.any():
        answer = "nothing"
    elif leader is None or not leader == leader_without == leader_with:
        answer = "as_they_stand"
    elif electors is None:
        answer = "unknown"
    else:
        answer = "no" if lead > electors else "at_worst"
    return Dispute(
        answer,
        stations=int(np.count_nonzero(asked)),
        contested=int(np.count_nonzero(counted.contested)),
        unconfirmed=int(np.count_nonzero(unconfirmed)),
        leader=leader,
        leader_without=leader_without,
        leader_with=leader_with,
        lead_without=lead,
        electors=electors,
    )


# ----------------------------------------------------------------------- sums


def _with_standing_counts(tally: Tally) -> Mask:
    """bool[n], entries with counts that nobody has withdrawn."""
    counted = tally.stations.counted
    out = [STANDINGS.index(Standing.WITHDRAWN), STANDINGS.index(Standing.MISSING)]
    mask: Mask = counted.has_counts & ~np.isin(counted.standing, out)
    return mask


def _votes(tally: Tally, accepted: Mask) -> dict[str, int]:
    sums = tally.stations.counted.candidates[accepted].sum(axis=0).tolist()
    return dict(zip(tally.contest.candidate_codes, sums, strict=True))


def _leader(votes: dict[str, int]) -> str | None:
    most = max(votes.values(), default=0)
    first = [code for code, count in votes.items() if count == most]
    return first[0] if most and len(first) == 1 else None


def _lead(votes: dict[str, int]) -> int:
    ordered = sorted(votes.values(), reverse=True)
    return ordered[0] - (ordered[1] if len(ordered) > 1 else 0) if ordered else 0


def _certainty(tally: Tally, accepted: Mask, votes: dict[str, int]) -> Certainty:
    country: AreaTotals = tally.country
    lead, cast = _lead(votes), _cast(tally, accepted)
    covered, sizes_unknown = _covered(tally, accepted)
    exact = not sizes_unknown.any()
    total = int(cast.sum())
    if country.electors_unknown:
        return Certainty(False, lead, None, exact, total)
    left = max(country.electors - covered - int(cast[sizes_unknown].sum()), 0)
    return Certainty(lead > left, lead, left, exact, total, country.electors)


def _cast(tally: Tally, accepted: Mask) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """int64[accepted], votes cast; unknown null and blank votes as 0."""
    counted = tally.stations.counted
    cast: np.ndarray[tuple[int], np.dtype[np.int64]] = (
        counted.candidates[accepted].sum(axis=1)
        + np.maximum(counted.null[accepted], 0)
        + np.maximum(counted.blank[accepted], 0)
    )
    return cast


def _covered(tally: Tally, accepted: Mask) -> tuple[int, Mask]:
    """Electors of the accepted stations where they are known, and bool[accepted] where they are not."""
    rows = tally.stations.counted.station_row[accepted]
    territory = tally.territory
    unknown: Mask = ~np.append(territory.electors_known, np.False_)[rows]
    return int(np.append(territory.electors, 0)[rows].sum()), unknown


def _electors_of(tally: Tally, asked: Mask, undisputed: Mask) -> int | None:
    """The most electors of the stations in question; rule 2."""
    electors, unknown = _covered(tally, asked)
    if not unknown.any():
        return electors
    rest = _certainty(tally, undisputed, _votes(tally, undisputed)).electors_not_counted
    return None if rest is None else rest
