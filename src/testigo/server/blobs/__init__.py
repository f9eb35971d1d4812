"""Where files lie: content named by the SHA-256 of its bytes, in a directory or in an S3 bucket.

Rules of this package
---------------------
1. Four methods and no more: put if absent, get, exists, list. There is no overwriting and no deleting: evidence stays.
2. The name is the hash of the content, computed here. Nothing that a sender chose becomes a name.
3. What was acknowledged is durable: on a directory, file and directory entries are synced before the answer.
4. What is read is checked: a blob whose bytes do not hash to its name is reported, never returned as if it were right.
5. A store proves at start that it refuses to overwrite; one that does not is not used.
"""

from testigo.server.blobs.base import BlobStore, Content, Stored, is_digest, prove_put_if_absent
from testigo.server.blobs.directory import DirectoryStore
from testigo.server.blobs.opening import open_store

__all__ = ["BlobStore", "Content", "DirectoryStore", "Stored", "is_digest", "open_store", "prove_put_if_absent"]
