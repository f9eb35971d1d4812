"""What happens to paper on its way to a file: a scanner's flat image, a phone's photo, and all that goes wrong. Seeded.

Rules of this package
---------------------
1. Only the picture changes, never what the sheet says.
2. No damage removes the marks of a drawing on purpose.
3. The same drawing, family, grade and seed give the same pixels and bytes, in any process and in any order.
"""

from testigo.simulate.damage.catalogue import FAMILIES, MODERATE, Damaged, damaged, photos
from testigo.simulate.damage.everyday import photo, scan, wrong_thing
from testigo.simulate.damage.picture import Drawing, Shown
from testigo.simulate.damage.saving import File, save

__all__ = [
    "FAMILIES",
    "MODERATE",
    "Damaged",
    "Drawing",
    "File",
    "Shown",
    "damaged",
    "photo",
    "photos",
    "save",
    "scan",
    "wrong_thing",
]
