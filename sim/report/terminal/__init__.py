"""What a terminal shows of results: tables with their notes, and sentences under them, on standard output.

`answers` prints whole answers: a run, a comparison, a search. `faults`, `groups` and `held_back` make the tables that
stand in them (`blocks`), `layout` fits them to the width there is, and `protocol` prints the programs of all runs.
"""
