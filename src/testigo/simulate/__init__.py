"""An invented election day: sheets, scans, observers, liars, failures. Seeded.

Rules of this package
---------------------
1. Every sheet that it draws is marked as a drawing, indelibly; there is no way to draw one without the marks.
2. The same seed gives the same day, in any process and in any order.
3. People, centres and streets are invented, whatever register the sheets are drawn from.
"""

from testigo.simulate.country import invented_register, rehearsal_profile
from testigo.simulate.day import Day, Shares, Story, plan_day
from testigo.simulate.deliveries import Delivery, Kind, Transcription, body_of, scan_of, size_of, stream_of
from testigo.simulate.folder import simulate_folder, truth_of
from testigo.simulate.paper import DPI, encode_jpeg
from testigo.simulate.press import code_modules, draw_sheet
from testigo.simulate.sheet import Sheet, Signer, figures_for, make_sheet
from testigo.simulate.votes import invented_counts, split_lines

__all__ = [
    "DPI",
    "Day",
    "Delivery",
    "Kind",
    "Shares",
    "Sheet",
    "Signer",
    "Story",
    "Transcription",
    "body_of",
    "code_modules",
    "draw_sheet",
    "encode_jpeg",
    "figures_for",
    "invented_counts",
    "invented_register",
    "make_sheet",
    "plan_day",
    "rehearsal_profile",
    "scan_of",
    "simulate_folder",
    "size_of",
    "split_lines",
    "stream_of",
    "truth_of",
]
