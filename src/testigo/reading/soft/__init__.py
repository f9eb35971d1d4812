"""Damaged QR codes, read by what is known of them: a structured soft decoder.

Rules of this part
------------------
1. Syntax only: what every code has (function patterns, blocks, checks) and what every payload of the grammar has. Never
   which votes are likely.
2. An answer is sure or there is none: see :mod:`testigo.reading.soft.certainty`.
3. Places are pixels of the image that was given; a map of modules is upright and not mirrored.
"""

from testigo.reading.soft.decode import Decoded, Effort, Judge, combine, decode_modules
from testigo.reading.soft.reader import Clock, ModuleMap, SoftCode, decode_map, module_maps, read_region
from testigo.reading.soft.texture import Region, find_regions

__all__ = [
    "Clock",
    "Decoded",
    "Effort",
    "Judge",
    "ModuleMap",
    "Region",
    "SoftCode",
    "combine",
    "decode_map",
    "decode_modules",
    "find_regions",
    "module_maps",
    "read_region",
]
