"""The closed lists of words that records use. Each value is what is written; see ``docs/glossary.md``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Standing(StrEnum):
    """What may be said of a station's counts (DESIGN section 5.5). ``contested`` is a flag, not a standing."""

    MISSING = "missing"
    REPORTED = "reported"  # numbers without an image
    DOCUMENTED = "documented"  # an image, and one reading of it
    CONFIRMED = "confirmed"  # the profile's acceptance policy is met
    IMPORTED = "imported"  # somebody else's published count
    WITHDRAWN = "withdrawn"


#: The standings that the headline counts, and the order in which "at least" is meant.
HEADLINE = (Standing.CONFIRMED, Standing.IMPORTED)
AT_LEAST: Mapping[Standing, tuple[Standing, ...]] = {
    Standing.REPORTED: (Standing.REPORTED, Standing.DOCUMENTED, *HEADLINE),
    Standing.DOCUMENTED: (Standing.DOCUMENTED, *HEADLINE),
    Standing.CONFIRMED: HEADLINE,
    Standing.IMPORTED: (Standing.IMPORTED,),
}


class Evidence(StrEnum):
    """What a reading rests on. A reading cannot be confirmed by the evidence that it used itself."""

    QR = "qr"
    PRINT = "print"  # figures or words, read by OCR or by a person from the image
    MESSAGE = "message"  # numbers that somebody sent without an image
    TABLE = "published-table"  # a row of a table that somebody else published


class Flag(StrEnum):
    """What everybody must see beside a number. A flag never changes a count."""

    CONTESTED = "contested"  # evidence disagrees and nobody with authority to settle it has done so
    SAME_IMAGE = "same_image"  # another station shows the same image
    OUTVOTED = "outvoted"  # one person typed other numbers than the two who agree


class Outcome(StrEnum):
    """A rule's answer."""

    PASS = "pass"  # noqa: S105  (an answer, not a password)
    FAIL = "fail"
    NOT_EVALUABLE = "not_evaluable"


class Provenance(StrEnum):
    """Where a sheet came from; published, because *confirmed* means transcribed rightly, not authentic."""

    ANONYMOUS = "anonymous"
    ONE_SOURCE = "one_source"
    TWO_SOURCES = "two_sources"
    ORIGINAL_SEEN = "original_seen"
    PUBLISHED = "published"  # taken from somebody else's table


class Opening(StrEnum):
    """What became of a receipt when it was opened."""

    IMAGE = "image"  # a whole image, given to the readers
    SAME = "same"  # the same bytes as an earlier opened one (which it names)
    EMPTY = "empty"
    TOO_LARGE = "too_large"  # over the resource policy: receipted by hash, not stored
    OVER_QUOTA = "over_quota"
    NOT_AN_IMAGE = "not_an_image"
    DAMAGED = "damaged"  # an image that does not decode to its end
    TOO_MANY_PIXELS = "too_many_pixels"
    SIMULACRO = "simulacro"  # a drawing, outside a rehearsal


class Withheld(StrEnum):
    """Why no image of a sheet is published."""

    NOTHING = ""  # it is published
    NOT_ALIGNED = "not_aligned"  # the sheet cannot be aligned with certainty
    PHONE_PHOTO = "phone_photo"  # the profile does not let photos be published
    NO_LAYOUT = "no_layout"  # the profile has no layout that can be found on an image
    NO_SHEET = "no_sheet"  # no sheet was found on the image
    NO_IMAGE = "no_image"  # what arrived is not an image
