"""`testigo serve`: database, both programs, workers, sequencer and sweeper under one supervisor.

Rules of this package
---------------------
1. Each child is a process of its own with a database role of its own, and dies with its supervisor.
2. A child that ends is started again, the sooner the longer it had lived. Nothing is lost by it: what was acknowledged
   is in the database.
3. The supervisor opens the ports and keeps them: whoever knocks while a program is started again waits in the queue.
"""

from testigo.server.serve.running import Addresses, serve

__all__ = ["Addresses", "serve"]
