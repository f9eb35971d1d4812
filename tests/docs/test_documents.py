"""The documents are true of the code, and nothing in the repository names a machine, an index host or a person."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from testigo.records import Standing

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "testigo"
MODULES = [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]
TEXTS = {".py", ".md", ".toml", ".lock", ".txt", ".sql", ".html", ".css", ".js", ".svg", ".json", ".jsonl", ".csv", ""}

#: The ten threats of the design, as the document heads them.
THREATS = (
    "Seized server", "Seized phone", "Infiltrated volunteer", "Forged sheet", "Flood of fakes", "Altered app",
    "Equivocating operator", "Blocked site", "Omitted sheets", "Poisoned image",
)  # fmt: skip


def undocumented(path: Path) -> Iterator[str]:
    """What is public in a module and has no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if not ast.get_docstring(tree):
        yield "the module"
    todo: list[tuple[str, ast.AST]] = [("", tree)]
    while todo:
        prefix, node = todo.pop()
        for one in getattr(node, "body", ()):
            if not isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or one.name.startswith("_"):
                continue
            overload = any("overload" in ast.unparse(mark) for mark in one.decorator_list)
            if not ast.get_docstring(one) and not overload and one.name != "Meta":  # Meta is Django's word
                yield f"{prefix}{one.name} (line {one.lineno})"
            if isinstance(one, ast.ClassDef):
                todo.append((f"{prefix}{one.name}.", one))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_everything_public_says_what_it_is(path: Path) -> None:
    assert not list(undocumented(path))


def test_the_walk_sees_what_is_not_documented(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("class A:\n    def b(self): ...\n    def _c(self): ...\ndef d(): ...\n")
    assert list(undocumented(tmp_path / "m.py")) == ["the module", "A (line 1)", "d (line 4)", "A.b (line 2)"]


def test_the_tour_names_every_part_and_no_other() -> None:
    tour = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([a-z_]+(?:/|\.py))` \|", tour, flags=re.MULTILINE))
    exist = {f"{path.name}/" for path in SOURCE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    exist |= {path.name for path in SOURCE.glob("*.py") if path.name != "__init__.py"}
    assert named == exist


def test_every_file_that_the_tour_names_exists() -> None:
    tour = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    for name in re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.py)`", tour):
        assert (SOURCE / name).is_file() or (ROOT / name).is_file(), name


def documents(tracked: list[Path]) -> list[Path]:
    found = [path for path in tracked if path.suffix == ".md"]
    assert len(found) > 8
    return found


def test_every_relative_link_leads_somewhere(tracked: list[Path]) -> None:
    lost = []
    for path in documents(tracked):
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if not target.startswith(("http://", "https://")) and not (path.parent / target).exists():
                lost.append(f"{path.relative_to(ROOT)} → {target}")
    assert not lost


def test_every_document_can_be_found_from_the_readme() -> None:
    linked = {ROOT / "README.md"}
    todo = [ROOT / "README.md"]
    while todo:
        path = todo.pop()
        for target in re.findall(r"\]\(([^)#\s]+\.md)\)", path.read_text(encoding="utf-8")):
            other = (path.parent / target).resolve()
            if other.is_file() and other not in linked:
                linked.add(other)
                todo.append(other)
    assert set((ROOT / "docs").glob("*.md")) <= linked


def test_decisions_are_numbered_once_and_in_order() -> None:
    numbers = []
    for path in sorted((ROOT / "docs" / "adr").glob("*.md")):
        number = int(path.name.split("-")[0])
        title = path.read_text(encoding="utf-8").split("\n", 1)[0]
        assert re.match(rf"# 0*{number}\. ", title), f"{path.name}: {title}"
        numbers.append(number)
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_standing_is_in_the_glossary() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for standing in Standing:
        assert f"{standing} (*" in glossary


# ------------------------------------------------------------------ threat model


def threats() -> dict[str, str]:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    return {part.split("\n", 1)[0]: part for part in text.split("\n## ")[1:]}


def named_tests(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)


def test_every_test_that_the_threat_model_names_exists() -> None:
    wrong = []
    for part in threats().values():
        for file, name in named_tests(part):
            path = ROOT / file
            tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
            if name not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}:
                wrong.append(f"{file}::{name}")
    assert not wrong


@pytest.mark.parametrize("threat", THREATS)
def test_every_threat_has_its_defence_and_tests_that_show_it(threat: str) -> None:
    part = threats()[threat]
    assert "*Could:*" in part
    assert "*Stops:*" in part
    assert len(named_tests(part)) >= 3


def test_what_is_not_defended_is_said() -> None:
    part = threats()["Not defended yet"].lower()
    for word in ("phone app", "envelopes", "witnesses", "tuf", "coordinator", "order of the leaves", "hour", "timing",
                 "assertions", "observaciones", "30 mm"):  # fmt: skip
        assert word in part


# -------------------------------------------------- what must not be in the repository

#: What it is -> how it looks. This file is the only one that may hold them.
FORBIDDEN = {
    "a path of somebody's machine": r"(?<![\w.:/])/(?:home|work|root|Users)/\w",
    "a temporary path": r"(?<![\w.])/tmp/\w",
    "the address of a package index": r"pypi\.org|pythonhosted|index-url|find-links|/simple/?(?=\s|$)",
    "an e-mail address": r"[\w.+-]+@(?!example\.)[\w-]+\.(?:com|org|net|ve|io|gov|edu)\b",
    "a Venezuelan telephone number": r"\+58[\s-]?\d{3}|\b04(?:12|14|16|24|26)[\s-]?(?!555)\d{7}\b",
    "a Venezuelan identity number": r"\b[VE]-?\d{1,2}\.?\d{3}\.?\d{3}\b",
}


def test_no_machine_no_index_and_no_person_is_named(tracked: list[Path]) -> None:
    found = []
    for path in tracked:
        if path.suffix not in TEXTS or path == Path(__file__).resolve():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for what, pattern in FORBIDDEN.items():
            hit = re.search(pattern, text)
            if hit and not (what == "a temporary path" and "tests" in path.parts):
                found.append(f"{path.relative_to(ROOT)}: {what}: {hit[0]}")
    assert not found


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of somebody's machine", "see /home/maria/x"),
        ("a temporary path", "in /tmp/x"),
        ("the address of a package index", "--index-url https://…"),
        ("an e-mail address", "maria@correo.com"),
        ("a Venezuelan telephone number", "0414-1234567"),
        ("a Venezuelan identity number", "V-12.345.678"),
    ],
)
def test_the_patterns_see_what_they_are_for(what: str, text: str) -> None:
    assert re.search(FORBIDDEN[what], text)


def test_everything_that_is_installed_is_pinned_by_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        entries = [entry for entry in re.split(r"\n(?=[A-Za-z0-9])", text) if re.match(r"[A-Za-z0-9]", entry)]
        assert len(entries) > 10
        for entry in entries:
            assert "==" in entry.split("\n", 1)[0]
            assert "--hash=sha256:" in entry, entry.split("\n", 1)[0]
    assert "--require-hashes" in (ROOT / "scripts" / "setup").read_text(encoding="utf-8")


def test_no_picture_but_our_own_is_in_the_repository(tracked: list[Path]) -> None:
    pictures = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".pdf", ".heic"}
    for path in tracked:
        if path.suffix.lower() in pictures:
            assert path.is_relative_to(ROOT / "docs" / "images"), f"{path.name}: no sheet's image, drawn or real"
