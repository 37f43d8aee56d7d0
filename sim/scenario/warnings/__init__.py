"""Warnings: what is valid and still may be the wrong question, each reported in one line before anything runs."""
