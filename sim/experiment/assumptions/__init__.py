"""Which assumption could flip the verdict, asked in two ways: by whole runs, and by deploys on idle links.

`assumed` finds the assumptions of a scenario. `examination` makes every run again at both ends of each one's range,
which sees queues and takes minutes. `flips` asks deploys that never meet (`idle`), which takes seconds and finds the
value at which the answer turns.
"""
