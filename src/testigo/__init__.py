"""Testigo: prove the result of an election from the tally sheets of its polling stations. Imports nothing."""
