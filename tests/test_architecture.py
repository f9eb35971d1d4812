"""Who may import whom: the table of DESIGN section 2, enforced, imports inside functions included."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "testigo"
BASE = {"errors", "records", "election"}

#: part -> the parts that it may import. Nothing else, nowhere, not even inside a function.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "records": {"errors"},
    "election": {"errors", "records"},
    "ledger": {"errors"},
    "envelope": {"errors"},
    "reading": BASE,
    "review": BASE,
    "tally": BASE,
    "logistics": BASE,
    "bundle": BASE | {"ledger"},
    "verify": BASE | {"ledger", "bundle", "review", "reading"},
    "forensics": BASE | {"bundle", "tally"},
    "publish": BASE | {"tally", "bundle"},
    "importing": BASE | {"review", "ledger", "bundle"},
    "simulate": BASE | {"envelope"},
    "hub": BASE | {"envelope", "ledger", "reading"},
    "recount": BASE | {"reading"},
}
EVERYTHING = {*MAY_IMPORT, "server", "day", "cli"}
MAY_IMPORT["server"] = EVERYTHING - {
    "verify",
    "forensics",
    "importing",
    "simulate",
    "hub",
    "recount",
    "day",
    "cli",
    "server",
}
MAY_IMPORT["day"] = EVERYTHING - {"server", "day", "cli"}
MAY_IMPORT["cli"] = EVERYTHING - {"cli"}

#: Programs of the server: a break-in into one must not be a break-in into another.
PROGRAMS = ("observer", "review", "coordination")

MODULES = sorted(SOURCE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The part that a module belongs to: the first folder, or the module's own name."""
    relative = path.relative_to(SOURCE)
    return relative.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every ``testigo.…`` module that a module names in an import, wherever in the file."""
    package = ("testigo", *path.relative_to(SOURCE).with_suffix("").parts)
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package[: len(package) - node.level]) + "." if node.level else ""
            module = f"{start}{node.module or ''}".strip(".")
            names.update(f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _is_dynamic_import(node):
            argument = node.args[0]
            assert isinstance(argument, ast.Constant) or part_of(path) == "cli", f"{path}: imports what it computes"
            names.add(str(getattr(argument, "value", "")))
    return {name for name in names if name.split(".")[0] == "testigo"}


def _is_dynamic_import(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in ("import_module", "__import__")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_part_imports_only_what_the_table_allows(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        assert not imported(path), "the package itself must import nothing, or every part would load it"
        return
    assert part in MAY_IMPORT, f"{part} has no row in DESIGN section 2"
    for name in imported(path):
        parts = name.split(".")
        other = parts[1] if len(parts) > 1 else ""
        assert other == part or other in MAY_IMPORT[part], f"{part} must not import {name}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_of_the_server_do_not_import_each_other(program: str) -> None:
    folder = SOURCE / "server" / program
    for path in folder.rglob("*.py") if folder.is_dir() else ():
        for name in imported(path):
            for other in set(PROGRAMS) - {program}:
                assert not name.startswith(f"testigo.server.{other}"), f"{program} must not import {name}"


def test_the_walk_sees_imports_inside_functions_and_relative_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    probe = tmp_path / "tally" / "probe.py"
    probe.parent.mkdir()
    probe.write_text(
        "def f():\n    import testigo.review as r\n    from ..server import store\n    from testigo import day\n"
    )
    monkeypatch.setattr(f"{__name__}.SOURCE", tmp_path)
    assert imported(probe) == {"testigo.review", "testigo.server.store", "testigo.day"}
    assert not imported(probe) <= {f"testigo.{part}" for part in MAY_IMPORT["tally"]}
