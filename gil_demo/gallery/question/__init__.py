"""The program of the question: its page, the claims that the page makes, and how each is seen."""
