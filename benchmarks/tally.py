"""Totals of 1,000,000 stations × 10 candidates at all levels, fetched from PostgreSQL, against DuckDB's plain GROUP BY.

What is compared
----------------
Ours: :func:`fetch_counted` (PostgreSQL's table ``standing`` -> arrays) and :func:`tally`, with the totals of every
centre: country, states, municipalities, parishes and centres; per candidate, per standing, with coverage and electors.

DuckDB: the same rows in its own in-memory table (columns per candidate, codes as text), one ``GROUP BY`` per level,
sums per candidate and a count of rows, as Arrow tables. It reads nothing from PostgreSQL and sums no standing and no
electors, so the comparison favours it. Both are also measured without the centres, DuckDB at its lowest level alone.

Indexing the register (once per process) and loading the tables are not timed. Every time is a median, and each round
measures both sides one after the other, because machines are shared. The two results are compared vote by vote.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psycopg
import pyarrow as pa

from testigo.election import Contest, Profile, Register, load_profile, register_schema
from testigo.records import Standing
from testigo.server.postgres import acquire
from testigo.server.store.counted import fetch_counted, pack_votes
from testigo.tally import STANDINGS, Tally, tally, territory_of

CANDIDATES = 10
TABLE = """
CREATE TABLE standing (contest text NOT NULL, station text NOT NULL, register_row integer, standing smallint NOT NULL,
    contested boolean NOT NULL, candidates bytea, lines bytea, null_votes integer, blank_votes integer,
    decision_leaf bigint)
"""


def invent(profile: Profile, stations: int) -> pa.Table:
    """A register of two stations per centre, 900 per parish, 3,000 per municipality, 45,000 per state."""
    row = np.arange(stations)
    centre = np.char.zfill((row // 2).astype("U9"), 9)
    areas = {"estado": row // 45_000, "municipio": row // 3_000, "parroquia": row // 900}
    # A parish lies in one municipality, a municipality in one state: number the parts within the part above.
    codes = {"estado": np.char.zfill(areas["estado"].astype("U4"), 4)}
    codes["municipio"] = np.char.add(codes["estado"], np.char.zfill(areas["municipio"].astype("U5"), 5))
    codes["parroquia"] = np.char.add(codes["municipio"], np.char.zfill(areas["parroquia"].astype("U5"), 5))
    number = np.char.zfill((row % 2 + 1).astype("U2"), 2)
    columns: dict[str, Any] = {"station": np.char.add(np.char.add(centre, "."), number), "centre": centre}
    columns |= {"centre_name": np.full(stations, "Escuela"), "electors": 300 + row % 500}
    for level in profile.levels:
        columns |= {level.code: codes[level.code], f"{level.code}_name": codes[level.code]}
    return pa.table({name: pa.array(columns[name]) for name in register_schema(profile).names})


def store(connection: psycopg.Connection[Any], register: Register, votes: np.ndarray[Any, Any]) -> None:
    """Fill the table of standings, in an order that is not the register's, as sheets arrive."""
    confirmed = STANDINGS.index(Standing.CONFIRMED)
    order = np.random.default_rng(2).permutation(len(register)).tolist()
    codes = register.table["station"].to_pylist()
    with connection.cursor() as cursor, cursor.copy("COPY standing FROM STDIN") as copy:
        for leaf, row in enumerate(order):
            counts = "\\\\x" + pack_votes(votes[row].tolist()).hex()
            copy.write(f"presidente\t{codes[row]}\t{row}\t{confirmed}\tf\t{counts}\t\\N\t1\t2\t{leaf}\n")
    connection.execute("VACUUM ANALYZE standing")


def fill_duckdb(register: Register, votes: np.ndarray[Any, Any]) -> duckdb.DuckDBPyConnection:
    """The same rows, in the same order, with the area codes beside the votes."""
    base = duckdb.connect()
    table = register.table.select(["estado", "municipio", "parroquia", "centre"])
    for candidate in range(CANDIDATES):
        table = table.append_column(f"c{candidate}", pa.array(votes[:, candidate].astype(np.int32)))
    order = np.random.default_rng(2).permutation(len(register))
    base.register("arrow", table.take(pa.array(order)))
    base.execute("CREATE TABLE standing AS SELECT * FROM arrow")
    return base


def group_by(base: duckdb.DuckDBPyConnection, level: str) -> pa.Table:
    """One level's totals."""
    sums = ", ".join(f"sum(c{candidate}) AS c{candidate}" for candidate in range(CANDIDATES))
    if not level:
        return base.sql(f"SELECT {sums}, count(*) AS stations FROM standing").to_arrow_table()
    return base.sql(f"SELECT {level}, {sums}, count(*) AS stations FROM standing GROUP BY {level}").to_arrow_table()


def same(result: Tally, base: duckdb.DuckDBPyConnection) -> bool:
    """Whether both sides have the same votes everywhere."""
    territory = result.territory
    for level, index, sums in (
        *((level.code, territory.area_index, result.sums) for level in result.profile.levels),
        ("centre", territory.centre_index, result.centre_totals),
    ):
        theirs = group_by(base, level)
        rows = [index[code] for code in theirs[level].to_pylist()]
        for candidate in range(CANDIDATES):
            if not np.array_equal(
                sums.candidates[rows, candidate], theirs[f"c{candidate}"].to_numpy().astype(np.int64)
            ):
                return False
    return True


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(
    connection: psycopg.Connection[Any],
    base: duckdb.DuckDBPyConnection,
    contest: Contest,
    register: Register,
    rounds: int,
) -> dict[str, float]:
    """Medians in seconds."""
    levels = ["", *(level.code for level in register.profile.levels)]
    counted = fetch_counted(connection, contest, register)
    profile = register.profile
    works: dict[str, Callable[[], object]] = {
        "fetch": lambda: fetch_counted(connection, contest, register),
        "tally": lambda: tally(profile, contest, register, counted),
        "tally with centres": lambda: tally(profile, contest, register, counted).centre_totals,
        "duckdb": lambda: [group_by(base, level) for level in levels],
        "duckdb with centres": lambda: [group_by(base, level) for level in [*levels, "centre"]],
        "duckdb lowest level": lambda: group_by(base, levels[-1]),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: statistics.median(values) for name, values in times.items()}


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Run it and print the ratios; the figures are the answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    profile = load_profile("ve2024")
    contest = profile.contest()
    register = Register(profile, invent(profile, options.stations))
    votes = np.random.default_rng(1).integers(0, 400, (options.stations, CANDIDATES))
    indexing = seconds(lambda: territory_of(register))
    base = fill_duckdb(register, votes)
    with tempfile.TemporaryDirectory(prefix="testigo-bench-", ignore_cleanup_errors=True) as home:
        with (
            acquire(Path(home) / "home") as server,
            psycopg.connect(server.url("owner"), autocommit=True) as connection,
        ):
            connection.execute(TABLE)
            store(connection, register, votes)
            result = tally(profile, contest, register, fetch_counted(connection, contest, register))
            assert same(result, base), "the two engines disagree"
            figures = measure(connection, base, contest, register, options.rounds)
            pid = server.postgres_pid
        deadline = time.monotonic() + 30
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    report(figures, indexing, options.stations)
    return figures


def report(figures: dict[str, float], indexing: float, stations: int) -> None:
    """Print the figures, the goal's ratio first."""
    ours, with_centres = figures["fetch"] + figures["tally"], figures["fetch"] + figures["tally with centres"]
    print(f"tally of {stations:,} stations x {CANDIDATES} candidates (medians; goal: ratio at most 3)")
    print(f"  ratio, all levels with centres   {with_centres / figures['duckdb with centres']:6.2f}")
    print(f"  ratio, all levels, no centres    {ours / figures['duckdb']:6.2f}")
    print(f"  ratio, tally alone, with centres {figures['tally with centres'] / figures['duckdb with centres']:6.2f}")
    print(f"  ratio, tally alone, no centres   {figures['tally'] / figures['duckdb']:6.2f}")
    for name, value in figures.items():
        print(f"  {name:32} {value:6.3f} s")
    print(f"  {'index of the register, once':32} {indexing:6.3f} s")


if __name__ == "__main__":
    main()
