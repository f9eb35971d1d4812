"""A bundle -> findings, each with its validity, its power and its blind spots stated. No server, no network."""
