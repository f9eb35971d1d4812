"""Print the page: by a Chromium without a window, if there is one.

Rules of this module
--------------------
1. The page is our own, without scripts and without any address: the browser is given a file and no network is needed.
2. The browser works in a folder of its own, which is removed; it never sees the person's own profile.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from testigo.errors import InputError, WireError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_SECONDS = 180


def find_browser() -> str | None:
    """The path of a browser that can print; ``None`` if there is none. ``TESTIGO_BROWSER`` names one."""
    named = os.environ.get("TESTIGO_BROWSER")
    return shutil.which(named) if named else next((path for name in BROWSERS if (path := shutil.which(name))), None)


def print_pdf(page: bytes, out: Path) -> None:
    """Write the page as a PDF.

    Raises:
        InputError: there is no browser here.
        WireError: the browser did not print.
    """
    browser = find_browser()
    if browser is None:
        raise InputError(
            "The PDF needs Chromium, which is not installed here.",
            "Install it (apt install chromium), or open the HTML page in any browser and print it from there.",
        )
    with tempfile.TemporaryDirectory(prefix="testigo-") as folder:
        source, target = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_bytes(page)
        command = [
            browser,
            "--headless",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={target}",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # Chromium refuses to sandbox for root; the page is ours alone
        try:
            done = subprocess.run([*command, source.as_uri()], capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise WireError(f"{Path(browser).name} did not print: {error}.", "Print the HTML page by hand.") from error
        if done.returncode != 0 or not target.is_file():
            raise WireError(
                f"{Path(browser).name} did not print (status {done.returncode}).", "Print the HTML page by hand."
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(target, out)
