"""When counts are *confirmed*: small policies that compose with ``&`` and ``|``.

Rules of this module
--------------------
1. A policy answers with the readings that meet it, or with nothing. It never answers "probably".
2. No policy but adjudication confirms anything while those who looked at an image disagree.
3. A reading is not confirmed by the evidence that it used itself, and nobody confirms himself.
4. The profile names policies; it is the only place that says which of them suffice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce

from testigo.election import Profile
from testigo.review.voices import Case, Voice, all_agree, majority


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why counts are confirmed: the names of the policies that were met, and whose readings meet them."""

    policies: tuple[str, ...]
    voices: tuple[Voice, ...]

    @property
    def rule(self) -> str:
        """As a decision names it; several policies of one list are joined by ``+``."""
        return "+".join(self.policies)


class Policy:
    """Base of policies. ``A() & B()`` needs both, on agreeing counts; ``A() | B()`` takes the first that is met."""

    def met(self, case: Case) -> Grounds | None:
        """What meets the policy, or ``None``."""
        raise NotImplementedError

    def __and__(self, other: Policy) -> Policy:
        return _Both(self, other)

    def __or__(self, other: Policy) -> Policy:
        return _Either(self, other)


@dataclass(frozen=True, slots=True)
class _Both(Policy):
    left: Policy
    right: Policy

    def met(self, case: Case) -> Grounds | None:
        left, right = self.left.met(case), self.right.met(case)
        if left is None or right is None:
            return None
        voices = {voice.leaf: voice for voice in (*left.voices, *right.voices)}
        if not all_agree(voices.values()):
            return None
        return Grounds(left.policies + right.policies, tuple(voices[leaf] for leaf in sorted(voices)))


@dataclass(frozen=True, slots=True)
class _Either(Policy):
    left: Policy
    right: Policy

    def met(self, case: Case) -> Grounds | None:
        return self.left.met(case) or self.right.met(case)


class QRConfirmedByPrint(Policy):
    """A reading of the code and one of the print, by different people or programs, give the same numbers.

    A reading of the print that differs opens a dispute, even if it was outvoted: then the majority is what confirms.
    """

    def met(self, case: Case) -> Grounds | None:
        """The readings of code and print, if all agree."""
        if case.disputed or case.outvoted:
            return None
        carry = {
            voice.leaf: voice
            for code in case.voices
            for text in case.voices
            if code.used_qr and text.is_print and _independent(code, text)
            for voice in (code, text)
        }
        return Grounds(("qr_confirmed_by_print",), tuple(carry[leaf] for leaf in sorted(carry))) if carry else None


class TwoPeopleAgree(Policy):
    """Two different people typed the same numbers from the image, and nothing that was not outvoted contradicts."""

    def met(self, case: Case) -> Grounds | None:
        """The readings of those people."""
        typed = tuple(voice for voice in case.voices if voice.person and voice.is_print)
        if case.disputed or len({voice.person for voice in typed}) < 2:
            return None
        return Grounds(("two_people_agree",), typed)


class Adjudicated(Policy):
    """Two people who had not typed before, and gave a reason, agree; strictly more than other adjudicators."""

    def met(self, case: Case) -> Grounds | None:
        """The adjudicators' readings."""
        group = majority(case.adjudications)
        return Grounds(("adjudicated",), group) if group else None


NAMED: Mapping[str, Policy] = {
    "qr_confirmed_by_print": QRConfirmedByPrint(),
    "two_people_agree": TwoPeopleAgree(),
    "adjudicated": Adjudicated(),
}


def acceptance(profile: Profile) -> Policy:
    """The profile's policy: any of its lists, and of a list all.

    Lists with an adjudication are asked first: it settles what the others would decide again.
    """
    return _composed(profile.acceptance)


@lru_cache(maxsize=16)
def _composed(names_of_lists: tuple[tuple[str, ...], ...]) -> Policy:
    ordered = sorted(names_of_lists, key=lambda names: "adjudicated" not in names)
    lists = [reduce(Policy.__and__, (NAMED[name] for name in names)) for names in ordered]
    return reduce(Policy.__or__, lists)


def _independent(code: Voice, text: Voice) -> bool:
    disjoint = not set(code.reading.evidence) & set(text.reading.evidence)
    return disjoint and (code.person == 0 or code.person != text.person)
