"""Tasks in PyTorch; torch is an extra of the package, and imported where a task trains."""
