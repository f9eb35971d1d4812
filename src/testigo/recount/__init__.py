"""Reading at scale: a country's images, on all cores of one machine or on a cluster, killed and started again.

Rules of this part
------------------
1. What a sheet says is decided by :func:`testigo.reading.batch.read_batch` alone; this part only feeds it.
2. One bad file costs its own line: a missing file, a hang and a crash of native code are answers, not ends.
3. Memory does not grow with the number of images: what waits is bounded, and images are fetched where they are read.
4. Whoever starts a killed run again gets the result of one that was never killed.
5. Needs ``testigo[reading]``; buckets and clusters need ``testigo[dask]``.
"""
