"""The program that observers' telephones and scanning hubs send files to. Nothing can be read from it.

Rules of this program
---------------------
1. Its database role may call a handful of functions and read the election's row; no table of people or files.
2. Whatever arrives is receipted: empty, too large, over quota, not an image. Only what was cut off is not.
3. An answer does not depend on whether anybody else sent the same bytes, nor does the work done for it.
"""
