"""Mebane's finite mixture of election frauds, with everything latent integrated out: by EM, and by NumPyro."""

from testigo.forensics.eforensics.data import Counts, choose
from testigo.forensics.eforensics.finding import eforensics
from testigo.forensics.eforensics.fit import Convergence, Fit, fit
from testigo.forensics.eforensics.model import Parameters
from testigo.forensics.eforensics.planted import Planting, plant, study
from testigo.forensics.eforensics.simulate import Truth, simulate

__all__ = [
    "Convergence",
    "Counts",
    "Fit",
    "Parameters",
    "Planting",
    "Truth",
    "choose",
    "eforensics",
    "fit",
    "plant",
    "simulate",
    "study",
]
