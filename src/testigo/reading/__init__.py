"""Image -> what its sheets say, and the picture of it that everybody may see.

Rules of this part
------------------
1. A wrong payload is worse than none, and a name left readable is worse than no image: both are withheld in doubt.
2. Hostile bytes end in a refusal, within the limits on memory and time. One thread: run processes around it.
3. Needs the extra ``testigo[reading]`` (OpenCV, Pillow, zxing-cpp).
"""

from testigo.reading.answers import READER, as_json, reader_version, reader_versions, to_reading, to_readings
from testigo.reading.codes import Code, Region, find_codes
from testigo.reading.found import FoundSheet, SheetReadings
from testigo.reading.limits import REFUSALS, Limits, Refusal
from testigo.reading.opening.images import Grey, OpenedImage, open_image, open_pages
from testigo.reading.problems import PROBLEMS, explained
from testigo.reading.sheets import PRINT_MODES, PrintMode, read_sheet, wants_print
from testigo.reading.showing.alignment import Alignment, align
from testigo.reading.showing.redaction import (
    Published,
    encode,
    line_rows,
    publish_image,
    redact,
    redact_image,
    visible_rectangles,
)

__all__ = [
    "PRINT_MODES",
    "PROBLEMS",
    "READER",
    "REFUSALS",
    "Alignment",
    "Code",
    "FoundSheet",
    "Grey",
    "Limits",
    "OpenedImage",
    "PrintMode",
    "Published",
    "Refusal",
    "Region",
    "SheetReadings",
    "align",
    "as_json",
    "encode",
    "explained",
    "find_codes",
    "line_rows",
    "open_image",
    "open_pages",
    "publish_image",
    "read_sheet",
    "reader_version",
    "reader_versions",
    "redact",
    "redact_image",
    "to_reading",
    "to_readings",
    "visible_rectangles",
    "wants_print",
]
