"""Search over programs, and the experiments on its results."""
