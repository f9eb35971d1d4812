"""The report as one page: no scripts, no other file, no other host.

Rules of this module
--------------------
1. Everything that comes from a bundle or an analysis is escaped by the templates; a picture is markup because
   :func:`testigo.forensics.report.settling.safe_svg` wrote it anew.
2. Every number stands there twice: as people read it, and exact for machines.
3. For paper everything is unfolded.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from testigo.errors import InputError
from testigo.forensics.dossier.answers import ANSWER_TEXTS, Claim, Dossier
from testigo.forensics.finding import Figure, Finding
from testigo.forensics.report.making import Report
from testigo.forensics.report.pictures import drawn
from testigo.forensics.report.settling import safe_svg
from testigo.forensics.report.wording import Numbers, texts

#: Stations of a finding that the page lists; the JSON has all.
LISTED = 60
#: Findings with no more figures than this stand unfolded.
_FEW = 6
_LARGEST_IMAGE = 3_000_000  # bytes: what a page that is forwarded can carry


def render(report: Report, language: str, *, paper: bool = False) -> bytes:
    """The page.

    Args:
        language: ``es`` or ``en``.
        paper: unfold everything, for printing.
    """
    maker = _Maker(report, language, paper)
    page: str = _environment().get_template("report.html").render(maker.view())
    return page.encode()


def _environment() -> Environment:
    def load(name: str) -> str:
        return files("testigo.forensics.report").joinpath("templates", name).read_text("utf-8")

    return Environment(
        loader=FunctionLoader(load), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


class _Maker:
    """Views of one report in one language."""

    def __init__(self, report: Report, language: str, paper: bool) -> None:
        self._report, self._language, self._paper = report, language, paper
        self._t, self._numbers = texts(language), Numbers(language)

    def _say(self, text: Mapping[str, str]) -> str:
        return text.get(self._language) or next(iter(text.values()), "")

    def view(self) -> dict[str, Any]:
        """Everything that the page shows."""
        report, t = self._report, self._t
        bundle = report.context.bundle
        profile, manifest = bundle.profile, bundle.manifest
        css = files("testigo.forensics.report").joinpath("templates", "report.css").read_text("utf-8")
        return {
            "t": t,
            "lang": self._language,
            "css": Markup(css),  # noqa: S704  (our own file)
            "election": self._say(profile.name),
            "contest": self._say(report.context.contest.name),
            "release": t["release"].format(release=manifest.release),
            "made": t["made"].format(made=f"{manifest.made[:10]} {manifest.made[11:16]} UTC"),
            "rehearsal": manifest.rehearsal,
            "command": report.command,
            "manifest": manifest.sha256,
            "seed": report.context.seed,
            "sections": self._sections(),
            "dossiers": [self._dossier(dossier) for dossier in report.dossiers],
        }

    def _sections(self) -> list[dict[str, Any]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for number, (analysis, finding) in enumerate(self._report.findings):
            found.setdefault(analysis.section, []).append(self._finding(number, finding))
        sections, intros = self._t["sections"], self._t["intros"]
        return [
            {"code": code, "title": sections[code], "intro": intros[code], "findings": findings}
            for code, findings in found.items()
        ]

    # ------------------------------------------------------------------ findings

    def _finding(self, number: int, finding: Finding) -> dict[str, Any]:
        title = self._say(finding.title)
        left = len(finding.stations) - LISTED
        return {
            "anchor": f"f{number}",
            "title": title,
            "statement": self._say(finding.statement),
            "figures": [self._figure(figure) for figure in finding.figures],
            "open": self._paper or len(finding.figures) <= _FEW,
            "valid_when": self._say(finding.valid_when),
            "power": self._say(finding.power),
            "blind_spots": self._say(finding.blind_spots),
            "source": finding.source,
            "stations": finding.stations[:LISTED],
            "more": self._t["more_stations"].format(n=self._numbers.number(left)) if left > 0 else "",
            "reproduce": finding.reproduce,
            "picture": Markup(finding.picture or safe_svg(drawn(finding, self._numbers))),  # noqa: S704  (by safe_svg)
            "picture_label": self._t["picture_of"].format(title=title),
        }

    def _figure(self, figure: Figure) -> dict[str, Any]:
        numbers, known = self._numbers, figure.value is not None
        span = ""
        if figure.interval is not None:
            low, high = (numbers.value(end, figure.unit) for end in figure.interval)
            span = self._t["interval"].format(low=low, high=high)
        return {
            "name": figure.name,
            "label": self._say(figure.label),
            "shown": numbers.value(figure.value, figure.unit) if figure.value is not None else "",
            "exact": repr(figure.value) if isinstance(figure.value, int | float) else None,
            "why": "" if known else self._say(figure.why_not),
            "range": span,
            "formula": figure.formula,
        }

    # ------------------------------------------------------------------ dossiers

    def _dossier(self, dossier: Dossier) -> dict[str, Any]:
        say, t = self._say, self._t
        contest = self._report.context.contest
        return {
            "anchor": f"m-{dossier.station}",
            "station": dossier.station,
            "place": dossier.place,
            "standing": say(dossier.standing_text),
            "votes": [
                {"name": contest.candidate(code).name, "votes": self._numbers.number(votes)}
                for code, votes in dossier.votes
            ],
            "facts": [
                {
                    "label": say(item.label),
                    "state": str(item.state),
                    "state_text": t[f"state_{item.state}"],
                    "text": say(item.text),
                }
                for item in dossier.items
            ],
            "claims": [self._claim(claim) for claim in dossier.claims],
            "readings": [self._reading(one) for one in dossier.readings],
            "checks": [
                {
                    "question": say(check["question"]),
                    "outcome": say(check["outcome_text"]),
                    "because": say(check["because"]),
                }
                for check in dossier.checks
            ],
            "history": [
                f"{t['history_line'].format(leaf=self._numbers.number(one['leaf']))}: {say(one['text'])}"
                for one in dossier.history
            ],
            "images": [image for digest in dossier.images if (image := self._image(digest))],
            "proof": dossier.proof,
            "entry": dossier.entry,
        }

    def _claim(self, claim: Claim) -> dict[str, Any]:
        return {
            "claim": self._say(claim.claim),
            "answer": str(claim.answer),
            "answer_text": self._say(ANSWER_TEXTS[claim.answer]),
            "evidence": [self._say(text) for text in claim.evidence],
            "cannot_know": self._say(claim.cannot_know),
        }

    def _reading(self, one: Mapping[str, Any]) -> str:
        t = self._t
        who = t["person"].format(n=one["person"]) if one["person"] else one["reader"]
        evidence = "; ".join(self._say(text) for text in one["evidence_text"])
        valid = self._numbers.number(one["valid"]) if one["valid"] is not None else t["unknown"]
        line: str = t["reading_line"].format(
            leaf=self._numbers.number(one["leaf"]), reader=who, evidence=evidence, valid=valid
        )
        if one["agrees"] is None:
            return line
        return f"{line}: {t['agrees'] if one['agrees'] else t['differs']}"

    def _image(self, digest: str) -> str:
        """The published image, for inside the page; empty if it is too large or not as the manifest says."""
        try:
            data = self._report.context.bundle.image(digest)
        except InputError:
            return ""
        return b64encode(data).decode() if len(data) <= _LARGEST_IMAGE else ""
