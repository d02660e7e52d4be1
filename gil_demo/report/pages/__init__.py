"""Web pages that reports fill with data; each needs no network and no other file."""
