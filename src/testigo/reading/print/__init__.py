"""Reading the print of a sheet: figures, words, header, totals, signatures; and how far it agrees with the QR.

Rules of this package
---------------------
1. Of the sheet's look only what a profile states is taken for granted: which rows are printed, in what order, with what
   labels and digit words. Where they stand is found on the picture.
2. Syntax and sums only; never what votes are likely.
3. Wrong is worse than none: a sheet is *proven* by figures, words and sums together, or it is not.
"""

from testigo.reading.print.answers import CountPrint, HmacPrint, PrintReading, Said
from testigo.reading.print.reader import read_print

__all__ = ["CountPrint", "HmacPrint", "PrintReading", "Said", "read_print"]
