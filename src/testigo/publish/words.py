"""What the site says, per language: its own texts, the profile's names, and the sentences that every part shares.

Rules of this module
--------------------
1. Every text exists in every language that the site speaks; a test compares the files.
2. The profile's words (``{station}``, ``{Stations}``, …) are put in when a language is loaded; a page fills the rest.
3. Texts are plain: escaping them is the templates' work, and they hold no markup.
4. A code that has no sentence (a bundle of a later version) is shown as it is, never hidden and never fatal.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

from testigo.election import Profile
from testigo.election.sentences import sentence
from testigo.errors import InternalError
from testigo.publish.numbers import Locale

SPOKEN = ("es", "en")
_WORDS = ("station", "stations", "centre", "sheet")


def languages_of(profile: Profile) -> tuple[str, ...]:
    """The languages of the site: the profile's, as far as the site speaks them; English if none."""
    return tuple(code for code in profile.languages if code in SPOKEN) or ("en",)


@cache
def raw_texts(language: str) -> Mapping[str, Any]:
    """The file of a language as it stands."""
    return tomllib.loads(files("testigo.publish").joinpath("texts", f"{language}.toml").read_text("utf-8"))


class Words:
    """Everything that a page says in one language.

    Attributes:
        language: ``es`` or ``en``.
        t: the texts of the file's table ``ui``, as attributes, with the profile's words in them.
        locale: how numbers and dates are written.
    """

    def __init__(self, profile: Profile, language: str) -> None:
        self.language = language
        self.profile = profile
        self.locale = Locale(profile.locale.get(language, language))
        self._own: dict[str, str] = {}
        for name in _WORDS:
            word = self.of(profile.words.get(name, {})) or name
            self._own |= {name: word, name.capitalize(): word[:1].upper() + word[1:]}
        raw = raw_texts(language)
        self.t = SimpleNamespace(**{key: self._filled(text) for key, text in raw["ui"].items()})
        self.intro = [self._filled(text) for text in raw["about"]["intro"]]
        self.not_known = [self._filled(text) for text in raw["about"]["not_known"]]
        self.glossary = [{**word, "text": self._filled(word["text"])} for word in raw["glossary"]]
        self._said: dict[tuple[str, str], str] = {}

    def _filled(self, text: Any) -> Any:
        if isinstance(text, list):
            return [self._filled(one) for one in text]
        for name, word in self._own.items():
            text = text.replace("{" + name + "}", word)
        return text

    def of(self, text: Mapping[str, str]) -> str:
        """A profile's text in this language, else in the first that it has; empty if it has none."""
        return text.get(self.language) or next(iter(text.values()), "")

    def say(self, key: str, **values: object) -> str:
        """A text of this language with its placeholders filled in."""
        text: str = getattr(self.t, key)
        return text.format_map(values)

    def sentence(self, kind: str, code: str) -> str:
        """What a code means (:mod:`testigo.election.sentences`); the code itself if it is not known."""
        known = self._said.get((kind, code))
        if known is None:
            known = self._said[kind, code] = self._sentence(kind, code, None)
        return known

    def because(self, rule: str, because: str, values: Mapping[str, int | str]) -> str:
        """Why a check has its outcome, with its numbers as this locale writes them."""
        shown = {name: self.locale.integer(v) if isinstance(v, int) else v for name, v in values.items()}
        return self._sentence("because", f"{rule}.{because}", shown)

    def _sentence(self, kind: str, code: str, values: Mapping[str, int | str] | None) -> str:
        try:
            return sentence(kind, code, self.language, values)
        except InternalError:
            return code

    def capital(self, text: str) -> str:
        """The text with a capital first letter."""
        return text[:1].upper() + text[1:]
