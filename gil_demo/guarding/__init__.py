"""Runs a program with guarded array data, and reads what is reported of it."""
