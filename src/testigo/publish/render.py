"""Templates, and the frame that every page stands in.

Rules of this module
--------------------
1. Everything that comes from outside is escaped by the templates, always: a centre may be called ``<script>``.
2. The frame is rendered once per language, contest and depth, and cut at its holes: a page is then a join of bytes.
3. No page names another host, and no page has inline style or script: the content policy forbids both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from testigo.errors import InternalError
from testigo.publish.words import Words

_HOLES = ("title", "head", "languages", "body")
_MARK = "\x00{}\x00"


_TEXT = re.compile(r"\{\{ t\.([a-z_]+) \}\}")


class _Templates(BaseLoader):
    """The templates with one language's texts written into them: what is the same on every page is not looked up."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source = files("testigo.publish").joinpath("templates", template).read_text("utf-8")
        return _TEXT.sub(self._text, source), template, lambda: True

    def _text(self, match: re.Match[str]) -> str:
        text = str(escape(getattr(self._words.t, match[1])))
        if "{{" in text or "{%" in text or "{#" in text:
            raise InternalError(f"The text {match[1]} holds what a template would run.")
        return text


class _Environment(Environment):
    """Views are dictionaries: look there first."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)


def environment(words: Words) -> Environment:
    """The templates in one language, compiled when first used."""
    env = _Environment(
        loader=_Templates(words),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.globals |= {"t": words.t, "lang": words.language}
    return env


@dataclass(frozen=True)
class Frame:
    """The frame of the pages of one language and contest.

    Args:
        words: the language.
        others: the other languages.
        contest: its code.
        front: path of the contest's front page, below the language's folder.
        election: what the head of every page says.
        rehearsal: whether every page says SIMULACRO.
    """

    env: Environment
    words: Words
    others: Sequence[Words]
    contest: str
    front: str
    election: str
    rehearsal: bool

    @cached_property
    def _cut(self) -> dict[int, list[str]]:
        return {}

    def page(self, path: str, title: str, template: str, view: Mapping[str, Any], head: str = "") -> bytes:
        """A whole page.

        Args:
            path: below the language's folder.
            title: of the window.
            template: name of the body's template.
            view: its variables, besides ``t``, ``up`` (to the language's folder) and ``root`` (to the site's).
            head: further elements for the head, as markup.
        """
        depth = path.count("/")
        body = self.body(template, {"up": "../" * depth, "root": "../" * (depth + 1), **view})
        pieces = self._cut.get(depth)
        if pieces is None:
            pieces = self._cut[depth] = self._frame(depth)
        up = "../" * (depth + 1)
        links = "".join(
            f'<a href="{up}{other.language}/{path}" hreflang="{other.language}" lang="{other.language}" '
            f'rel="alternate">{other.t.language}</a>'
            for other in self.others
        )
        full = f"{escape(title)} · {escape(self.election)}"
        return "".join((pieces[0], full, pieces[1], head, pieces[2], links, pieces[3], body, pieces[4])).encode()

    def body(self, template: str, view: Mapping[str, Any]) -> str:
        """A template's text alone."""
        return self.env.get_template(template).render(view, contest=self.contest)

    def _frame(self, depth: int) -> list[str]:
        hole = SimpleNamespace(**{name: Markup(_MARK.format(name)) for name in _HOLES})  # noqa: S704
        text = self.body(
            "shell.html",
            {
                "hole": hole,
                "up": "../" * depth,
                "root": "../" * (depth + 1),
                "front": self.front,
                "election": self.election,
                "rehearsal": self.rehearsal,
            },
        )
        pieces = []
        for name in _HOLES:
            before, _, text = text.partition(_MARK.format(name))
            pieces.append(before)
        return [*pieces, text]


def crumbs(up: str, above: Sequence[tuple[str, str]], label: str) -> Markup:
    """The way down to a page: (path below the language's folder, name) of everything above it."""
    inside = "".join(f'<li><a href="{up}{escape(path)}">{escape(name)}</a></li>\n' for path, name in above)
    return Markup(f'<nav class="crumbs" aria-label="{escape(label)}"><ol>\n{inside}</ol></nav>')  # noqa: S704


def text_only(text: str) -> Markup:
    """A text as markup between tags, where quotes need no escaping: canonical JSON stays half as long."""
    return Markup(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))  # noqa: S704
