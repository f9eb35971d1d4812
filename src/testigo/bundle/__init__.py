"""The published format: write it, read it. Specified byte by byte in docs/bundle-format.md."""

from testigo.bundle.leaves import Leaves, read_leaves
from testigo.bundle.manifest import FileEntry, Manifest, image_path, parse_manifest
from testigo.bundle.read import Bundle, open_bundle
from testigo.bundle.tables import count_columns, counts_of, readings_schema, tallies_schema
from testigo.bundle.write import (
    BundleInfo,
    Content,
    no_images,
    unfinished,
    write_bundle,
    write_content,
    write_ledger,
)

__all__ = [
    "Bundle",
    "BundleInfo",
    "Content",
    "FileEntry",
    "Leaves",
    "Manifest",
    "count_columns",
    "counts_of",
    "image_path",
    "no_images",
    "open_bundle",
    "parse_manifest",
    "read_leaves",
    "readings_schema",
    "tallies_schema",
    "unfinished",
    "write_bundle",
    "write_content",
    "write_ledger",
]
