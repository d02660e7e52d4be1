"""The only doors to the C: one module for each extension."""
