"""The rules of `gil-demo check`, one a file, found and not registered."""
