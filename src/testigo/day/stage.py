"""The folder of a demonstration, and what is planned to happen there."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testigo.election import Profile, load_profile, read_register, write_register
from testigo.errors import InputError, WireError
from testigo.simulate import Day, invented_register, plan_day, rehearsal_profile


@dataclass(frozen=True)
class Stage:
    """The folder of a demonstration, and what is planned to happen there."""

    out: Path
    profile: Profile
    day: Day

    @property
    def home(self) -> Path:
        """The server's data home."""
        return self.out / "home"

    @property
    def bundle(self) -> Path:
        """The release that the day ends in."""
        return self.out / "bundle"

    @property
    def site(self) -> Path:
        """The site made of it."""
        return self.out / "site"

    @property
    def serve_words(self) -> list[str]:
        """The command that serves this day."""
        words = ["serve", "--home", str(self.home), "--profile", str(self.out / "profile"), "--rehearsal", "--json"]
        return [*words, "--register", str(self.out / "register.parquet"), "--port", "0", "--review-port", "0"]

    @classmethod
    def prepare(cls, out: Path, *, stations: int, seed: int, profile_name: str) -> Stage:
        """The plan; the same each time, so that a second run continues the first."""
        if stations < 10:
            raise InputError(f"{stations} stations make no day.", "Ask for 10 or more.")
        out.mkdir(parents=True, exist_ok=True)
        wanted = {"stations": stations, "seed": seed, "profile": profile_name}
        mark = out / "demo.json"
        if mark.exists() and json.loads(mark.read_text()) != wanted:
            raise InputError(f"{out} holds another demonstration.", "Choose another --out, or remove that folder.")
        base = load_profile(profile_name)
        register_file = out / "register.parquet"
        if not mark.exists():
            write_register(invented_register(base, stations, seed), register_file)
            folder = out / "profile"
            folder.mkdir(exist_ok=True)
            (folder / "profile.toml").write_bytes(rehearsal_profile(base, read_register(base, register_file)).source)
            mark.write_text(json.dumps(wanted))
        profile = load_profile(out / "profile")
        return cls(out, profile, plan_day(profile, read_register(profile, register_file), seed))

    def command(self, *words: str, good: tuple[int, ...] = (0,)) -> dict[str, Any]:
        """Run a ``testigo`` command; its JSON answer, if it gives one."""
        done = subprocess.run(
            [sys.executable, "-m", "testigo.cli", *words], capture_output=True, text=True, check=False
        )
        if done.returncode not in good:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
            raise WireError(f"`testigo {words[0]}` ended with status {done.returncode}: {' '.join(last)}")
        answer: dict[str, Any] = json.loads(done.stdout) if "--json" in words else {}
        return answer
