"""Who won beyond reach: only ever said when it is true."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from testigo.errors import InputError
from testigo.tally import AreaCertainty, as_json, certainty_by_area, disputed, premises, worst_case_margin

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
    kept = {"certain": True, "worst_case_margin": 81, "break_even_turnout": 1.073636, "electors_not_counted": 1100}
    assert as_json(day.tally())["certainty"].items() >= kept.items()


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


def test_the_answer_has_the_caps_and_the_areas_with_and_without_the_unnamed_stations(story: Make) -> None:
    day = story(stations=8, electors=3000)  # one station is known only by number: 900 electors, wherever it lies
    day.station("c4.1", {"A": 390}).station("c4.2", {"A": 500}).station("c5.1", {"A": 590}).station("c3.1", {"B": 300})
    answer = as_json(day.tally())
    caps = {one["turnout"]: (one["margin"], one["margin_national"]) for one in answer["certainty"]["capped"]}
    assert caps[0.6] == (1180 - 720, 1160)
    areas = {one.area.code: one for one in certainty_by_area(day.tally())}
    assert [area["code"] for area in answer["areas"]] == list(areas)
    for area in answer["areas"]:
        one = areas[area["code"]]
        assert area["certainty"] == {
            "certain": one.rigorous.certain,
            "worst_case_margin": one.rigorous.worst_case_margin,
            "certain_if_named": one.named.certain,
            "worst_case_margin_if_named": one.named.worst_case_margin,
        }
    margins = [area["certainty"] for area in answer["areas"]]
    assert any(one["certain_if_named"] and not one["certain"] for one in margins)


# ------------------------------------------------------------------ turnout


def test_a_cap_on_turnout_leaves_more_of_the_lead(story: Make) -> None:
    day = story(stations=8, electors=3000)
    day.station("c4.1", {"A": 390}).station("c4.2", {"A": 500}).station("c5.1", {"A": 590}).station("c3.1", {"B": 300})
    certainty = worst_case_margin(day.tally())
    assert certainty.worst_case_margin == -20
    assert [certainty.margin_at(part) for part in (0, 0.5, 0.7, 1)] == [1180, 580, 340, -20]
    assert certainty.margin_at(0.98333) == 1180 - 1179  # a part of an elector does not vote
    # 1,780 votes are counted: at a national turnout of 0.6 twenty more were cast, all for the runner-up.
    assert certainty.cast == 1780
    assert [certainty.margin_at_national(part) for part in (0.1, 0.6, 0.98)] == [1180, 1160, 1180 - (2940 - 1780)]
    assert certainty.margin_at_national(1) == -20  # no premise is worse than the worst case
    assert certainty.break_even_national_turnout == (1780 + 1180) / 3000


def test_seven_tenths_of_ten_electors_are_seven(story: Make) -> None:
    day = story(stations=7, electors=2110)
    for code in ("c1.1", "c1.2", "c3.1", "c4.1", "c4.2", "c5.1"):
        day.station(code, {"A": 100})
    certainty = worst_case_margin(day.tally())
    assert (certainty.electors_not_counted, certainty.margin_at(0.7), certainty.margin_at(0.3)) == (10, 593, 597)


@pytest.mark.parametrize("turnout", [-0.1, 1.01, 59, float("nan"), float("inf")])
def test_a_turnout_in_percent_is_refused(story: Make, turnout: float) -> None:
    certainty = worst_case_margin(story(stations=8, electors=3000).station("c5.1", {"A": 600}).tally())
    with pytest.raises(InputError, match="0 to 1"):
        certainty.margin_at(turnout)
    with pytest.raises(InputError, match="0 to 1"):
        certainty.margin_at_national(turnout)


def test_unknown_electors_have_no_margin_at_any_turnout(story: Make) -> None:
    certainty = worst_case_margin(story().station("c5.1", {"A": 600}).tally())
    assert certainty.margin_at(0.5) is None
    assert certainty.margin_at_national(0.5) is None
    assert certainty.break_even_national_turnout is None


# -------------------------------------------------------------------- areas


def areas_of(day: Story) -> dict[str, AreaCertainty]:
    return {one.area.code: one for one in certainty_by_area(day.tally())}


def test_an_area_is_certain_only_if_no_unnamed_station_could_change_it(story: Make) -> None:
    day = story(stations=8, electors=2500).station("c5.1", {"A": 390}).station("c4.1", {"A": 400})
    day.station("c4.2", {"A": 100, "B": 390})
    areas = areas_of(day)
    # 2,100 electors are in named stations: 400 may lie anywhere, also in the state Este (03) of 600.
    east = areas["03"]
    assert (east.named.certain, east.named.worst_case_margin) == (True, 390)
    assert (east.rigorous.certain, east.rigorous.worst_case_margin) == (False, -10)
    south = areas["02"]
    assert (south.named.lead, south.named.worst_case_margin, south.rigorous.worst_case_margin) == (110, 110, -290)


def test_an_area_with_a_station_of_unknown_size_is_bounded_by_what_the_country_has_left(story: Make) -> None:
    day = story(stations=7, electors=2150)
    day.station("c1.1", {"A": 90}).station("c1.2", {"A": 200}).station("c3.1", {"A": 300}).station("c2.1", {"A": 20})
    north = areas_of(day)["01"]
    assert north.named.electors_not_counted is None  # c2.1's electors are unknown
    assert (north.rigorous.electors_not_counted, north.rigorous.certain) == (30, True)  # at most 50, of whom 20 voted


def test_without_the_number_of_electors_no_area_of_a_partly_named_country_is_certain(story: Make) -> None:
    day = story(stations=9).station("c5.1", {"A": 600})
    east = areas_of(day)["03"]
    assert (east.named.certain, east.rigorous.certain, east.rigorous.worst_case_margin) == (True, False, None)


def test_every_named_area_of_a_wholly_named_country_needs_no_premise(story: Make) -> None:
    day = story(stations=7).station("c5.1", {"A": 301, "B": 299})
    east = areas_of(day)["03"]
    assert east.rigorous == east.named
    assert east.named.certain


# ----------------------------------------------------------------- premises


def by_premise(day: Story) -> dict[str, tuple[int, str | None, int | None]]:
    return {one.code: (one.stations, one.leader, one.certainty.worst_case_margin) for one in premises(day.tally())}


def test_every_premise_treats_what_it_does_not_accept_as_not_counted(story: Make) -> None:
    day = story(stations=7, electors=2150)
    day.station("c5.1", {"A": 550}).station("c4.2", {"A": 400}, contested=True).station("c4.1", {"A": 300}, "imported")
    day.station("c3.1", {"B": 290}, "documented").station("c1.1", {"B": 80}, "reported", contested=True)
    assert by_premise(day) == {
        "headline": (3, "A", 1250 - 650),
        "undisputed": (2, "A", 850 - 1150),
        "confirmed": (2, "A", 950 - 1050),
        "confirmed_undisputed": (1, "A", 550 - 1550),
        "every_count": (5, "A", 1250 - 370 - 250),
    }


def test_a_withdrawn_count_is_in_no_premise(story: Make) -> None:
    day = story(stations=7, electors=2150).station("c5.1", {"A": 550}).station("c4.2", {"B": 500}, "withdrawn")
    assert {stations for stations, _, _ in by_premise(day).values()} == {1}
    assert disputed(day.tally()).answer == "nothing"


def test_the_headline_premise_is_the_worst_case_of_the_tally(story: Make) -> None:
    day = story(stations=9, electors=2200).station("c2.1", {"A": 70}, null=2, blank=3).station("elsewhere", {"B": 5})
    counts = day.tally()
    assert premises(counts)[0].certainty == worst_case_margin(counts)


# ----------------------------------------------------------------- disputes


def test_disputed_stations_that_change_the_winner_as_they_stand(story: Make) -> None:
    day = story(stations=7, electors=2150).station("c5.1", {"A": 550}, contested=True).station("c4.2", {"B": 400})
    question = disputed(day.tally())
    assert (question.answer, question.leader, question.leader_without) == ("as_they_stand", "A", "B")
    day = story(stations=7, electors=2150).station("c5.1", {"B": 550}, "reported").station("c4.2", {"A": 400})
    question = disputed(day.tally())
    assert (question.answer, question.leader, question.leader_with) == ("as_they_stand", "A", "B")
    assert (question.stations, question.contested, question.unconfirmed) == (1, 0, 1)


def test_disputed_stations_that_could_change_the_winner_only_at_worst(story: Make) -> None:
    day = story(stations=7, electors=2150).station("c5.1", {"A": 250}).station("c4.2", {"A": 260}, contested=True)
    question = disputed(day.tally())
    assert (question.answer, question.electors, question.worst_case_margin) == ("at_worst", 500, -250)


def test_disputed_stations_too_few_to_change_the_winner(story: Make) -> None:
    day = story(stations=7, electors=2150).station("c5.1", {"A": 550}).station("c4.2", {"A": 260}, contested=True)
    day.station("c4.1", {"A": 10}).station("c1.1", {"B": 10}, "documented").station("c3.1", {"A": 300})
    question = disputed(day.tally())
    assert (question.stations, question.electors, question.worst_case_margin) == (2, 600, 860 - 600)
    assert question.answer == "no"
    assert disputed(story().station("c5.1", {"A": 1}).tally()).answer == "nothing"


def test_a_disputed_station_of_unknown_size_is_bounded_by_the_country_or_unknown(story: Make) -> None:
    def day(**national: int) -> Story:
        told = story(**national).station("c5.1", {"A": 550}).station("c4.2", {"A": 490})
        return told.station("c2.1", {"A": 10}, contested=True)

    assert disputed(day().tally()).answer == "unknown"
    bounded = disputed(day(stations=7, electors=2130).tally())
    assert (bounded.electors, bounded.answer) == (2130 - 1100, "no")
