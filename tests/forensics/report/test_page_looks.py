"""The page in a browser: readable by everybody, on a small telephone and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from testigo.forensics.report import Report, render


@pytest.fixture(scope="module")
def page_file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_bytes(render(report, "es", paper=True))
    return path


def test_the_page_is_accessible_and_fits_a_small_phone(page_file: Path) -> None:
    api = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    if not Path("/usr/bin/chromium").exists():
        pytest.skip("no Chromium here")
    plain = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=[*plain, "--no-first-run"])
        page = browser.new_page(viewport={"width": 360, "height": 740})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(page_file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = axe.run(page, options={"preload": False}).response["violations"]
            assert not [(one["id"], [node["html"][:150] for node in one["nodes"][:3]]) for one in found], scheme
        assert [text for text in said if "Content Security Policy" in text] == []
        browser.close()


def test_the_page_can_be_printed(page_file: Path, tmp_path: Path) -> None:
    from testigo.forensics.report import find_browser, print_pdf

    if find_browser() is None:
        pytest.skip("no browser here")
    print_pdf(page_file.read_bytes(), tmp_path / "r.pdf")
    data = (tmp_path / "r.pdf").read_bytes()
    assert data.startswith(b"%PDF-") and data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") >= 2
