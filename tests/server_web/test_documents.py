"""The programs' descriptions of themselves, attacked, and the pages about them."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testigo.server.configuration import Configuration

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
)
DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("program", ["observer", "review"])
def test_a_program_does_what_its_description_says_whatever_it_is_sent(
    served: Any, program: str, tmp_path: Path
) -> None:
    token = served.tokens("reviewer" if program == "review" else "observer")[0]
    script = Path(sys.executable).parent / "schemathesis"
    words = [
        f"{getattr(served, program)}/api/openapi.json", "-H", f"Authorization: Bearer {token}",
        "--max-examples", "25", "--seed", "1", "--generation-deterministic", "--no-color",
        "--suppress-health-check", "all", "--checks", ",".join(CHECKS),
    ]  # fmt: skip
    done = subprocess.run(
        [script, "run", *words], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    served.drain()


def test_every_setting_is_on_its_page_with_its_sentence() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    for entry in dataclasses.fields(Configuration):
        row = f"| `TESTIGO_{entry.name.upper()}` |"
        lines = [line for line in page.splitlines() if line.startswith(row)]
        assert len(lines) == 1, f"{row} is missing in docs/settings.md"
        assert entry.metadata["says"] in lines[0]
        if not callable(entry.default_factory):
            assert f"`{entry.default}`" in lines[0] or entry.default == ""


def test_every_route_is_on_the_page_of_the_api(served: Any, request_to: Any) -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    for address in (served.observer, served.review):
        described = json.loads(request_to(address, "GET", "/api/openapi.json").body)
        for path, operations in described["paths"].items():
            for method in operations:
                assert f"`{method.upper()} {path}`" in page
