"""The JSON Schema of each document that a command prints."""
