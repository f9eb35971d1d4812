"""The published format: write it, read it. Specified byte by byte in ``docs/bundle-format.md``."""
