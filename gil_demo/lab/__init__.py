"""What a half of a pattern works with, inside the child that runs it."""
