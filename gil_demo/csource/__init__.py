"""Reads C text; only the standard library is imported."""
