"""The typed document."""
