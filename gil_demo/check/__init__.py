"""Reads C and C++ source and says what is unsafe where the GIL is released."""
