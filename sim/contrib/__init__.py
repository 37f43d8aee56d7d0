"""Pieces that a scenario may use and the protocol does without: each a library of its own."""
