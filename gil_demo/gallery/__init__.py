"""The gallery: what patterns there are, their pages, and how one is tried in a child process."""
