"""Experiments: many runs of one scenario and its variants, spread over workers, reduced to an answer.

`executors` spread runs, `worker` makes one, `compare` pairs variants into a `comparison`, and `verdict` says what it
means in a sentence.
"""
