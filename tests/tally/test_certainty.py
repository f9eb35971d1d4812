"""Who won beyond reach: only ever said when it is true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from testigo.tally import as_json, worst_case_margin

Story = Any
Make = Callable[..., Story]


def test_a_lead_above_everything_that_is_missing_is_certain(story: Make) -> None:
    day = story(stations=8, electors=3000)
    day.station("c4.1", {"A": 390}).station("c4.2", {"A": 500}).station("c5.1", {"A": 590}).station("c3.1", {"B": 300})
    certainty = worst_case_margin(day.tally())
    assert (certainty.lead, certainty.electors_not_counted, certainty.exact) == (1180, 1200, True)
    assert (certainty.certain, certainty.worst_case_margin) == (False, -20)
    day.station("c1.1", {"A": 1})  # its hundred electors can no longer vote for anybody else
    certainty = worst_case_margin(day.tally())
    assert (certainty.certain, certainty.worst_case_margin) == (True, 81)
    assert as_json(day.tally())["certainty"] == {
        "certain": True, "worst_case_margin": 81, "break_even_turnout": 1.073636, "electors_not_counted": 1100,
    }  # fmt: skip


def test_a_possible_draw_is_not_certain(story: Make) -> None:
    day = story(stations=7, electors=1000).station("c5.1", {"A": 400})
    certainty = worst_case_margin(day.tally())
    # Named stations have 2,100 known electors, more than the announced 1,000: the larger number holds.
    assert certainty.electors_not_counted == 1500
    assert certainty.certain is False
    equal = story(stations=7, electors=3000).station("c5.1", {"A": 600}).station("c4.2", {"A": 500})
    equal.station("c4.1", {"A": 400})
    margin = worst_case_margin(equal.tally())
    assert (margin.worst_case_margin, margin.certain, margin.break_even_turnout) == (0, False, 1.0)


def test_a_station_of_unknown_size_has_at_least_its_voters(story: Make) -> None:
    day = story(stations=9, electors=2200).station("c2.1", {"A": 70}, null=2, blank=3).station("elsewhere", {"B": 5})
    certainty = worst_case_margin(day.tally())
    assert (certainty.electors_not_counted, certainty.exact) == (2200 - 75 - 5, False)


def test_without_the_number_of_electors_nothing_is_certain(story: Make) -> None:
    certainty = worst_case_margin(story().station("c5.1", {"A": 600}).tally())
    assert (certainty.certain, certainty.worst_case_margin, certainty.electors_not_counted) == (False, None, None)
    assert certainty.break_even_turnout is None


def test_a_tie_with_everything_counted_is_not_certain(story: Make) -> None:
    day = story(stations=7, electors=2100)
    for code, votes in {"c1.1": 100, "c1.2": 200, "c3.1": 300, "c4.1": 400, "c4.2": 500, "c5.1": 600}.items():
        day.station(code, {"A": votes // 2, "B": votes // 2})
    certainty = worst_case_margin(day.tally())
    assert (certainty.lead, certainty.electors_not_counted, certainty.certain) == (0, 0, False)


def test_sheets_that_are_only_documented_make_nothing_certain(story: Make) -> None:
    day = story(stations=7, electors=2100).station("c5.1", {"A": 600}, "documented")
    certainty = worst_case_margin(day.tally())
    assert (certainty.lead, certainty.electors_not_counted) == (0, 2100)
