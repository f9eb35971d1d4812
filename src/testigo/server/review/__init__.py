"""The program that people type readings into. It shows nothing of what others typed.

Rules of this program
---------------------
1. Its database role may call two functions and read the election's row.
2. A reading that does not fit the ballot is refused with every problem it has, and nothing of it is kept.
3. Whoever types is known by a token; what becomes public of them is an ordinal within the station.
"""
