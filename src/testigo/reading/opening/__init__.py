"""Bytes of a file -> grey pixels, page by page; or a refusal, within limits on memory and time."""
