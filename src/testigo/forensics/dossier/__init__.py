"""What a bundle says of one station's sheet, claim by claim; and the same counted over the country."""

from testigo.forensics.dossier.answers import Claim, Dossier, Item
from testigo.forensics.dossier.records import Dossiers
from testigo.forensics.dossier.summary import summary

__all__ = ["Claim", "Dossier", "Dossiers", "Item", "summary"]
