"""Ways past the GIL, compared: what step 12 of the lesson measures."""
