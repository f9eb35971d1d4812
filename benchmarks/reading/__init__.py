"""Reading: the graded set against other readers, the cost of clean tapes, a national set."""
