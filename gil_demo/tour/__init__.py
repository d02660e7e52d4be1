"""The lesson: at each step an idea, a prediction, a live run, and what its figures say."""
