"""The worst case as a finding: what is known is said, what is not says why."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest

from testigo.election import Profile, Register, load_profile, register_schema
from testigo.election.profile import National
from testigo.errors import InputError
from testigo.forensics.certainty import certainty_finding
from testigo.forensics.finding import Finding
from testigo.records import Standing
from testigo.tally import NOT_LISTED, STANDINGS, Counted, Tally, tally

LEVELS = ("estado", "municipio", "parroquia")


def told(
    votes: Mapping[int, tuple[int, int]],
    electors: int | None,
    *,
    sizes: int | None = 100,
    contested: tuple[int, ...] = (),
) -> Tally:
    """Ten stations of ``sizes`` electors; the votes (EG, NM) of some of them, confirmed."""
    profile: Profile = dataclasses.replace(load_profile("ve2024"), national=National(10, electors))
    contest = profile.contest()
    rows = [
        {"station": f"0101010{i:02d}.01", "centre": f"0101010{i:02d}", "centre_name": "", "electors": sizes}
        | {name: "01" * (level + 1) for level, name in enumerate(LEVELS)}
        | {f"{name}_name": "x" for name in LEVELS}
        for i in range(10)
    ]
    register = Register(profile, pa.Table.from_pylist(rows, schema=register_schema(profile)))
    n = len(votes)
    counts = np.zeros((n, len(contest.candidates)), dtype=np.int64)
    counts[:, :2] = np.array(list(votes.values()), dtype=np.int64).reshape(n, 2)
    counted = Counted(
        station_row=np.array(list(votes), dtype=np.int32),
        standing=np.full(n, STANDINGS.index(Standing.CONFIRMED), dtype=np.int8),
        contested=np.array([i in contested for i in votes], dtype=np.bool_),
        candidates=counts,
        lines=None,
        has_lines=None,
        null=np.zeros(n, dtype=np.int64),
        blank=np.full(n, NOT_LISTED, dtype=np.int64),
        has_counts=np.ones(n, dtype=np.bool_),
    )
    return tally(profile, contest, register, counted)


def values(finding: Finding) -> dict[str, object]:
    return {figure.name: figure.value for figure in finding.figures}


def test_a_winner_beyond_reach() -> None:
    finding = certainty_finding(told(dict.fromkeys(range(6), (90, 5)), 1000), turnouts=(0.5,))
    got = values(finding)
    assert (got["lead"], got["electors_not_counted"], got["worst_case_margin"]) == (510, 400, 110)
    assert (got["break_even_turnout"], got["break_even_national_turnout"]) == (510 / 400, (570 + 510) / 1000)
    assert (got["margin_at_50"], got["margin_at_national_50"]) == (510 - 200, 510)
    assert (got["premise_headline"], got["disputed_answer"]) == (110, "nothing")
    assert (got["areas_estado_rigorous"], got["areas_estado_named"]) == (1, 1)
    assert "wins even if every elector" in finding.statement["en"]
    assert "110 votos" in finding.statement["es"]


def test_a_lead_that_could_still_be_lost_is_not_called_a_win() -> None:
    finding = certainty_finding(told(dict.fromkeys(range(6), (50, 40)), 1000))
    assert values(finding)["worst_case_margin"] == 60 - 400
    assert "could change it: in the worst case 340" in finding.statement["en"]
    assert "gana" not in finding.statement["es"]


def test_disputed_stations_are_answered_for() -> None:
    finding = certainty_finding(told(dict.fromkeys(range(6), (90, 5)), 1000, contested=(0, 1)))
    got = values(finding)
    assert (got["disputed_answer"], got["disputed_stations"], got["disputed_margin"]) == ("no", 2, 4 * 85 - 200)
    assert got["premise_undisputed"] == 4 * 85 - 600


@pytest.mark.parametrize("votes", [{}, {0: (0, 0)}, {0: (5, 5)}, {0: (5, 0)}])
@pytest.mark.parametrize(("electors", "sizes"), [(None, None), (1000, 100), (1000, None)])
def test_every_figure_has_a_number_or_says_why_not(
    votes: dict[int, tuple[int, int]], electors: int | None, sizes: int | None
) -> None:
    finding = certainty_finding(told(votes, electors, sizes=sizes))
    for figure in finding.figures:
        if figure.value is None:
            assert figure.why_not["es"]
            assert figure.why_not["en"]
        assert not (isinstance(figure.value, float) and math.isnan(figure.value))
        assert figure.formula
        assert set(figure.label) == {"es", "en"}
    assert finding.as_json()["statement"].keys() == {"es", "en"}


def test_an_unknown_country_is_never_decided() -> None:
    finding = certainty_finding(told(dict.fromkeys(range(6), (90, 5)), None, sizes=None))
    assert values(finding)["worst_case_margin"] is None
    assert "cannot be said" in finding.statement["en"]


def test_a_turnout_in_percent_is_refused() -> None:
    with pytest.raises(InputError):
        certainty_finding(told({0: (5, 0)}, 1000), turnouts=(60,))
