"""A search as an experiment: repeats, what it is compared with, and a restart, as in one figure."""
