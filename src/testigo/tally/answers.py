"""The machine-readable answer of ``testigo tally --json``, field by field.

Rules of this module
--------------------
1. The shape is documented in :data:`FIELDS` and kept stable; a test says that every field is documented.
2. Unknown is null, never 0 and never left out. No NaN: what cannot be divided is null.
3. Shares are parts of 1, rounded to six decimals (a vote in a million); everything else is a whole number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testigo.tally.certainty import TURNOUTS, AreaCertainty, certainty_by_area, worst_case_margin
from testigo.tally.places import AreaTotals
from testigo.tally.premises import disputed, premises
from testigo.tally.totals import Tally

DECIMALS = 6

#: Path of a field -> what it says. ``[]`` is an element of a list, ``*`` any code.
FIELDS: Mapping[str, str] = {
    "contest": "code of the contest",
    "standing": "the least standing that the headline counts (--standing); confirmed includes imported",
    "stations.registered": "polling stations of the country, those known only by number included",
    "stations.with_tally": "of those, stations that the headline counts",
    "stations.by_standing.*": "stations per standing: missing, reported, documented, confirmed, imported, withdrawn",
    "stations.unlisted": "counted stations that the register does not name: they count for the country, in no area",
    "stations.contested": "stations whose evidence disagrees, whatever their standing",
    "stations.contested_counted": "of those, stations that the headline counts: contested is a flag, not a standing",
    "valid": "valid votes that the headline counts: the sum over the candidates",
    "null": "null votes; null if no counted station's source gives them",
    "null_unknown": "counted stations whose source does not give null votes",
    "blank": "blank votes; null if no counted station's source gives them",
    "blank_unknown": "counted stations whose source does not give blank votes",
    "electors.registered": "registered electors of the country; null if unknown",
    "electors.known": "registered electors as far as known: the above, or the sum over the stations that say so",
    "electors.unknown": "stations whose registered electors are unknown, if the country's are",
    "electors.covered": "registered electors of the counted stations, as far as known",
    "electors.covered_unknown": "counted stations whose registered electors are unknown",
    "coverage.stations": "with_tally / registered, 0 to 1; null without stations",
    "coverage.electors": "electors.covered / electors.registered; a lower bound if covered_unknown is not 0; or null",
    "turnout": "votes cast / electors over the counted stations whose electors are known (unknown null and blank votes "
    "as 0); null without any",
    "leader": "code of the candidate with most votes; null if tied or without votes",
    "tied": "codes of the candidates that share the first place, in the profile's order; empty if one leads",
    "lead": "votes between the first and the second",
    "certainty.certain": "true if nothing that is not counted could change who won, whatever the turnout",
    "certainty.worst_case_margin": "lead − electors_not_counted; null if the country's electors are unknown",
    "certainty.break_even_turnout": "turnout of what is not counted at which the runner-up draws level by taking all; "
    "above 1 it cannot; null if unknown or nothing is left",
    "certainty.electors_not_counted": "the most electors that what is not counted can have; null if unknown",
    "certainty.break_even_national_turnout": "turnout of the whole country at which the runner-up draws level by "
    "taking all votes not counted: (votes cast at counted stations + lead) / electors; null if those are unknown",
    "certainty.capped[].turnout": "a cap on turnout, 0 to 1",
    "certainty.capped[].margin": "lead − ⌊turnout · electors_not_counted⌋: what the leader keeps if at most that part "
    "of what is not counted voted, all for the runner-up; null if unknown",
    "certainty.capped[].margin_national": "the same if at most that part of the whole country voted: needs the "
    "electors of no station; null if unknown",
    "certainty.premises[].premise": "headline, undisputed, confirmed, confirmed_undisputed, every_count: which "
    "stations are taken; all others are treated as not counted",
    "certainty.premises[].stations": "stations that the premise takes",
    "certainty.premises[].leader": "code of the candidate with most votes there; null if tied or without votes",
    "certainty.premises[].certain": "as above, on that premise",
    "certainty.premises[].worst_case_margin": "as above, on that premise",
    "certainty.disputed.answer": "would the stations in question (contested, or with counts that the headline does not "
    "take) change the winner? nothing, no, as_they_stand, at_worst, unknown",
    "certainty.disputed.stations": "stations in question",
    "certainty.disputed.electors": "the most electors that they have; null if unknown",
    "certainty.disputed.worst_case_margin": "lead without them − their electors; null if those are unknown",
    "candidates[].code": "code of the candidate; the list is in the profile's order",
    "candidates[].name": "name of the candidate",
    "candidates[].votes": "votes that the headline counts",
    "candidates[].share": "votes / valid, 0 to 1; null without valid votes",
    "candidates[].votes_by_standing.*": "votes per standing, whether the headline counts it or not",
    "candidates[].lines": "votes per ballot line, of stations.with_lines stations; null if no counted station has them",
    "candidates[].lines.*": "votes of that line",
    "stations.with_lines": "counted stations whose source gives votes per ballot line",
    "areas[].code": "code of the area, unique in the country; the list is top down, without the country",
    "areas[].level": "level of the territory, as in the profile",
    "areas[].name": "name of the area: areas of equal name are different areas",
    "areas[].parent": "code of the area above",
    "areas[].stations.registered": "stations of the register in this area",
    "areas[].stations.with_tally": "of those, stations that the headline counts; 0 for an area without sheets",
    "areas[].electors": "registered electors; null if unknown for any station of the area",
    "areas[].electors_known": "registered electors, summed over the stations where they are known",
    "areas[].valid": "valid votes that the headline counts",
    "areas[].null": "as above, of this area",
    "areas[].blank": "as above, of this area",
    "areas[].turnout": "as above, of this area",
    "areas[].candidates.*": "votes per candidate code",
    "areas[].leader": "as above, of this area",
    "areas[].tied": "as above, of this area",
    "areas[].certainty.certain": "true if nothing that is not counted could change who won this area, wherever the "
    "stations lie that are known only by number",
    "areas[].certainty.worst_case_margin": "lead − the most electors that can lie there uncounted; null if unknown",
    "areas[].certainty.certain_if_named": "the same if no station known only by number lies in this area",
    "areas[].certainty.worst_case_margin_if_named": "the margin on that premise; null if the electors of any of its "
    "stations are unknown",
}


def as_json(tally: Tally) -> dict[str, Any]:
    """The answer as plain JSON values, in the shape that :data:`FIELDS` documents."""
    country = tally.country
    return {
        "contest": tally.contest.code,
        "standing": str(tally.at_least),
        "stations": {
            "registered": country.registered,
            "with_tally": country.with_tally,
            "by_standing": _plain(country.by_standing),
            "unlisted": tally.unlisted,
            "contested": country.contested,
            "contested_counted": country.contested_counted,
            "with_lines": country.with_lines,
        },
        "valid": country.valid,
        "null": country.null_if_known,
        "null_unknown": country.null_unknown,
        "blank": country.blank_if_known,
        "blank_unknown": country.blank_unknown,
        "electors": {
            "registered": country.electors_if_known,
            "known": country.electors,
            "unknown": country.electors_unknown,
            "covered": country.covered,
            "covered_unknown": country.covered_unknown,
        },
        "coverage": {"stations": _rounded(country.station_coverage), "electors": _rounded(country.elector_coverage)},
        "turnout": _rounded(country.turnout),
        "leader": country.leader,
        "tied": list(country.tied),
        "lead": country.lead,
        "certainty": _certainty(tally),
        "candidates": [_candidate(tally, country, candidate.code) for candidate in tally.contest.candidates],
        "areas": [_area(one) for one in certainty_by_area(tally)],
    }


def _candidate(tally: Tally, country: AreaTotals, code: str) -> dict[str, Any]:
    candidate = tally.contest.candidate(code)
    lines = {line: country.lines[line] for line in candidate.lines} if country.with_lines else None
    return {
        "code": code,
        "name": candidate.name,
        "votes": country.candidates[code],
        "share": _rounded(country.share(code)),
        "votes_by_standing": dict(country.votes_by_standing[code]),
        "lines": lines,
    }


def _area(one: AreaCertainty) -> dict[str, Any]:
    area = one.area
    return {
        "code": area.code,
        "level": area.level,
        "name": area.name,
        "parent": area.parent,
        "stations": {"registered": area.registered, "with_tally": area.with_tally},
        "electors": area.electors_if_known,
        "electors_known": area.electors,
        "valid": area.valid,
        "null": area.null_if_known,
        "blank": area.blank_if_known,
        "turnout": _rounded(area.turnout),
        "candidates": dict(area.candidates),
        "leader": area.leader,
        "tied": list(area.tied),
        "certainty": {
            "certain": one.rigorous.certain,
            "worst_case_margin": one.rigorous.worst_case_margin,
            "certain_if_named": one.named.certain,
            "worst_case_margin_if_named": one.named.worst_case_margin,
        },
    }


def _certainty(tally: Tally) -> dict[str, Any]:
    certainty, question = worst_case_margin(tally), disputed(tally)
    return {
        "certain": certainty.certain,
        "worst_case_margin": certainty.worst_case_margin,
        "break_even_turnout": _rounded(certainty.break_even_turnout),
        "electors_not_counted": certainty.electors_not_counted,
        "break_even_national_turnout": _rounded(certainty.break_even_national_turnout),
        "capped": [
            {
                "turnout": turnout,
                "margin": certainty.margin_at(turnout),
                "margin_national": certainty.margin_at_national(turnout),
            }
            for turnout in TURNOUTS
        ],
        "premises": [
            {
                "premise": one.code,
                "stations": one.stations,
                "leader": one.leader,
                "certain": one.certainty.certain,
                "worst_case_margin": one.certainty.worst_case_margin,
            }
            for one in premises(tally)
        ],
        "disputed": {
            "answer": question.answer,
            "stations": question.stations,
            "electors": question.electors,
            "worst_case_margin": question.worst_case_margin,
        },
    }


def _plain(by_standing: Mapping[str, int]) -> dict[str, int]:
    return {str(standing): stations for standing, stations in by_standing.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DECIMALS)
