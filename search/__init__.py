"""Experiments: searches over programs, and what comes after them.

Importing this package makes XLA calculate with one thread on the CPU: workers do not disturb each
other, and sums have one order, so that scores are the same in every process of a machine.
"""

import os

os.environ.setdefault("PJRT_NPROC", "1")
