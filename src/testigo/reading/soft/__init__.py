"""Damaged QR codes, read by what is known of them: a structured soft decoder.

Rules of this part
------------------
1. Syntax only: what every code has (function patterns, blocks, checks) and what every payload of the grammar has. Never
   which votes are likely.
2. An answer is sure or there is none: see :mod:`testigo.reading.soft.certainty`.
3. Places are pixels of the image that was given; a map of modules is upright and not mirrored.
"""

from testigo.reading.soft.decode import Decoded, Effort, combine, decode_modules
from testigo.reading.soft.judging import Judge, decode_judged
from testigo.reading.soft.reader import Clock, ModuleMap, SoftCode, decode_map, module_maps, placed, read_region
from testigo.reading.soft.several import decode_several, likeness
from testigo.reading.soft.texture import Region, find_regions
from testigo.reading.soft.totals import Totals

__all__ = [
    "Clock",
    "Decoded",
    "Effort",
    "Judge",
    "ModuleMap",
    "Region",
    "SoftCode",
    "Totals",
    "combine",
    "decode_judged",
    "decode_map",
    "decode_modules",
    "decode_several",
    "find_regions",
    "likeness",
    "module_maps",
    "placed",
    "read_region",
]
