"""What the two programs that face people share: access, errors, logs, readiness, the gunicorn worker.

Rules of this package
---------------------
1. A program imports this package and :mod:`testigo.server.store`, never another program.
2. Every answer that is not a success has one shape: ``{"error", "remedy", "problems": [{"field", "problem"}]}``.
3. No exception's text, no address, no name, no token, no pseudonym and no receipt reaches a log; no exception's text
   reaches an answer either.
"""
