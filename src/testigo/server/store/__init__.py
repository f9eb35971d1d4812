"""The store: the only place that maps rows to records.

Rules of this package
---------------------
1. Programs call functions that take and give records and plain values; no model leaves this package.
2. One function is one transaction, or says that it runs inside its caller's.
3. Rights are the database's: each function works only under the roles that a migration granted it.
"""
