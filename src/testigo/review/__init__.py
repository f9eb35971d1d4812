"""From readings to decisions: rules, double entry, disputes. Pure: values in, a decision out."""

from testigo.review.checks import WORDS_DIFFER
from testigo.review.facts import Facts, RegisterFacts
from testigo.review.policies import Adjudicated, Grounds, Policy, QRConfirmedByPrint, TwoPeopleAgree, acceptance
from testigo.review.transition import OTHER_RULES, changed, decide
from testigo.review.voices import Case, Voice, hear

__all__ = [
    "OTHER_RULES",
    "WORDS_DIFFER",
    "Adjudicated",
    "Case",
    "Facts",
    "Grounds",
    "Policy",
    "QRConfirmedByPrint",
    "RegisterFacts",
    "TwoPeopleAgree",
    "Voice",
    "acceptance",
    "changed",
    "decide",
    "hear",
]
