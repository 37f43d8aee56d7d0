"""Numbers over deploys and over runs: quantiles, intervals, paired differences. Knows numbers, not registries.

`quantiles` needs numpy alone, since every run is reduced with it; `intervals` and `paired` need scipy and work on runs.
"""
