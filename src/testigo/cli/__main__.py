"""``python -m testigo.cli``."""

import sys

from testigo.cli import main

sys.exit(main())
