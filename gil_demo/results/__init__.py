"""Results as frozen data; only the standard library is imported, and nothing is computed."""
