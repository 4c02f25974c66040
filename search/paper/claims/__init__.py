"""The paper's claims, each an experiment with a verdict."""
