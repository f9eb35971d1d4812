"""A bundle as a static site: every page rendered before, relative links, no script needed, nothing of anybody else.

How a site is published
1. Open the bundle, and read what the last publication left.
2. Build the models, once.
3. Announce every page and file, each with a digest of what it shows.
4. Write those that changed, remove those that are gone (:mod:`testigo.publish.output`).

Rules of this part
------------------
1. It sees bundles only: what is not published cannot be shown, and there is no person it could name.
2. It does not verify; that is ``testigo verify``. The site carries the bundle, so that everybody can.
3. Which election it is, is data; nothing here asks.
"""

from __future__ import annotations

from testigo.publish.publishing import Progress, PublishReport, publish

__all__ = ["Progress", "PublishReport", "publish"]
