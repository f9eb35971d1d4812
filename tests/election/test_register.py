"""The register: codes stay text, unknown is not zero, places with equal names do not merge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from testigo.election import Profile, Register, read_register, register_schema, write_register
from testigo.errors import InputError


def row(station: str = "010101001.01", **changes: Any) -> dict[str, Any]:
    values = {
        "station": station,
        "centre": station.split(".")[0],
        "centre_name": "Liceo Ñandú",
        "electors": 500,
        "estado": "01",
        "estado_name": "Distrito Capital",
        "municipio": "0101",
        "municipio_name": "Libertador",
        "parroquia": "010101",
        "parroquia_name": "San José",
    }
    return {**values, **changes}


def table(profile: Profile, *rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=register_schema(profile))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_register_comes_back_with_its_leading_zeros_and_unknown_electors(
    ve: Profile, tmp_path: Path, ending: str
) -> None:
    register = Register(ve, table(ve, row("010101001.02", electors=None), row()))
    write_register(register, tmp_path / f"r.{ending}")
    again = read_register(ve, tmp_path / f"r.{ending}")
    assert again.table.equals(register.table)
    first, second = again.find("010101001.01"), again.find("010101001.02")
    assert first is not None
    assert second is not None
    assert (first.electors, second.electors) == (500, None)
    assert first.areas == ("01", "0101", "010101")
    assert len(again.sha256) == 64


def test_stations_known_only_by_number_still_count_nationally(ve: Profile) -> None:
    register = Register(ve, table(ve, row()))
    assert (register.total_stations, register.unnamed_stations) == (30026, 30025)
    assert register.total_electors == 21392464
    assert Register(ve, register.table, complete=False).total_electors is None


def test_lost_zeros_and_codes_of_another_country_are_refused(ve: Profile) -> None:
    for station in ("10101001.01", "010101001.1", "NB017-C", ""):
        with pytest.raises(InputError) as caught:
            Register(ve, table(ve, row(station)))
        assert caught.value.problems[0].field == "station"


def test_a_station_of_another_centre_is_refused(ve: Profile) -> None:
    with pytest.raises(InputError) as caught:
        Register(ve, table(ve, row(centre="010101002")))
    assert caught.value.problems[0].field == "centre"


def test_a_station_that_stands_twice_is_refused(ve: Profile) -> None:
    with pytest.raises(InputError, match="stands 2 times"):
        Register(ve, table(ve, row(), row(electors=1)))


def test_an_area_with_two_parents_or_two_names_is_refused(ve: Profile) -> None:
    for change in ({"parroquia_name": "San Juan"}, {"municipio": "0102", "municipio_name": "Otro"}):
        with pytest.raises(InputError, match="twice"):
            Register(ve, table(ve, row(), row("010101001.02", **change)))


def test_places_with_equal_names_do_not_merge(ve: Profile) -> None:
    register = Register(ve, table(ve, row(), row("010102001.01", parroquia="010102")), complete=False)
    same = [area for area in register.areas.values() if area.name == "San José"]
    assert {area.code for area in same} == {"010101", "010102"}


def test_negative_electors_and_missing_columns_are_named(ve: Profile) -> None:
    with pytest.raises(InputError) as caught:
        Register(ve, table(ve, row(electors=-1)))
    assert caught.value.problems[0].field == "electors"
    with pytest.raises(InputError) as caught:
        Register(ve, table(ve, row()).drop_columns(["centre_name", "estado"]))
    assert [problem.field for problem in caught.value.problems] == ["centre_name", "estado"]


@pytest.mark.parametrize(
    ("name", "data"),
    [("r.csv", b"\xff\xfe\x00"), ("r.csv", b""), ("r.csv", b"station,centre\n1,2,3\n"), ("r.parquet", b"PAR1 no")],
)
def test_a_file_that_is_no_register_is_refused_by_name(ve: Profile, tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=r"register"):
        read_register(ve, tmp_path / name)
    with pytest.raises(InputError, match=r"absent\.csv"):
        read_register(ve, tmp_path / "absent.csv")
