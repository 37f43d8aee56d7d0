"""Measurements that planners have, one module for each kind of file: each gives estimates with 95 % intervals."""
