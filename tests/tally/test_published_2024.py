"""The tables published in 2024: the totals and the worst-case margins that anybody can compute from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pytest

from testigo.election import Profile, Register, load_profile, register_schema
from testigo.tally import NOT_LISTED, STANDINGS, UNKNOWN, Counted, as_json, tally, worst_case_margin

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ve2024"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the tables published in 2024 are not in ../shared/data/ve2024"
)


def published(name: str, encoding: str) -> pa.Table:
    """The published table, with the codes' lost zeros put back."""
    options = pacsv.ReadOptions(encoding=encoding)
    table = pacsv.read_csv(DATA / name, read_options=options)
    table = table.rename_columns([column.lstrip("\ufeff") for column in table.column_names])
    code = pc.utf8_lpad(table["CENTRO"].cast(pa.string()), 9, "0")
    number = pc.utf8_lpad(table["MESA"].cast(pa.string()), 2, "0")
    return table.append_column("station", pc.binary_join_element_wise(code, number, ".")).append_column("centre", code)


def area(table: pa.Table, *columns: str) -> pa.Array:
    return pc.binary_join_element_wise(*(pc.utf8_lpad(table[c].cast(pa.string()), 2, "0") for c in columns), "")


def register_of(profile: Profile, tables: list[pa.Table]) -> Register:
    """Every station of the tables, with its electors where the first table that names it says so."""
    parts, seen = [], pa.array([], pa.string())
    for table in tables:
        table = table.filter(pc.invert(pc.is_in(table["station"], value_set=seen)))
        electors = table["RE"].cast(pa.int64()) if "RE" in table.column_names else pa.nulls(len(table), pa.int64())
        codes = [area(table, "COD_EDO"), area(table, "COD_EDO", "COD_MUN")]
        codes.append(area(table, "COD_EDO", "COD_MUN", "COD_PAR"))
        columns = [table["station"], table["centre"], pa.array([""] * len(table)), electors]
        for code in codes:
            columns += [code, pa.array([""] * len(table))]
        parts.append(pa.table(dict(zip(register_schema(profile).names, columns, strict=True))))
        seen = pa.concat_arrays([seen, table["station"].combine_chunks().cast(pa.string())])
    return Register(profile, pa.concat_tables(parts, promote_options="permissive"))


def counted_of(profile: Profile, register: Register, table: pa.Table) -> Counted:
    n = len(table)
    codes = profile.contest("presidente").candidate_codes
    rows = pc.index_in(table["station"], value_set=register.table["station"].combine_chunks())
    return Counted(
        station_row=pc.fill_null(rows, NOT_LISTED).to_numpy().astype(np.int32),
        standing=np.full(n, STANDINGS.index(STANDINGS[4]), np.int8),
        contested=np.zeros(n, np.bool_),
        candidates=np.stack([table[code].to_numpy() for code in codes], axis=1),
        lines=None,
        has_lines=None,
        null=table["VOTOS_NULOS"].to_numpy().astype(np.int64),
        blank=np.full(n, UNKNOWN, np.int64),
        has_counts=np.ones(n, np.bool_),
    )


@needs_data
@pytest.mark.parametrize(
    ("name", "encoding", "stations", "votes", "margin", "exact"),
    [
        ("RESULTADOS_2024_CSV_V1.csv", "utf8", 24532, (7156462, 3241461, 10659128), 267776, True),
        ("RESULTADOS_2024_CSV_V2.csv", "cp1252", 25073, (7303480, 3316142, 10887262), 567386, False),
    ],
)
def test_the_totals_and_the_worst_case_of_2024(
    name: str, encoding: str, stations: int, votes: tuple[int, int, int], margin: int, exact: bool
) -> None:
    profile = load_profile("ve2024")
    first, second = published("RESULTADOS_2024_CSV_V1.csv", "utf8"), published("RESULTADOS_2024_CSV_V2.csv", "cp1252")
    register = register_of(profile, [first, second])
    contest = profile.contest()
    result = tally(profile, contest, register, counted_of(profile, register, published(name, encoding)))
    country = result.country
    assert (country.candidates["EG"], country.candidates["NM"], country.valid) == votes
    assert (len(register), country.with_tally, country.registered) == (25075, stations, 30026)
    for level in ("estado", "municipio", "parroquia", "centre"):
        places = result.centres() if level == "centre" else (a for a in result.areas() if a.level == level)
        assert sum(place.valid for place in places) == country.valid
    certainty = worst_case_margin(result)
    assert (certainty.certain, certainty.worst_case_margin, certainty.exact) == (True, margin, exact)
    assert as_json(result)["blank"] is None  # the tables have no such column: unknown, not 0
