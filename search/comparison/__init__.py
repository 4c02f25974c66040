"""Optimizers compared: tuned on equal budgets, trained on fresh seeds, held against each other."""
