"""A scenario from the files that a cluster, a registry or an inventory has: a reader for each kind, and one writer."""
