"""Soak test: repeated small searches, under faults at random moments.

    python -m tests.soak --minutes 30 --out soak

Every run has to end with the history of an undisturbed run, and leave nothing behind. Linux only.
The results are in OUT/summary.json and OUT/summary.md.
"""

import argparse
import os
import random
import signal
import sys
from pathlib import Path

from tests.soak.soak import Soak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--out", type=Path, default=Path("soak"))
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    # Background processes of a shell ignore SIGINT, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    out = words.out.resolve()
    (out / "logs").mkdir(parents=True)
    shared_memory = set(os.listdir("/dev/shm"))
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(out / "compiled")
    soak = Soak(out, random.Random(words.seed))
    soak.run(60 * words.minutes)
    soak.check_left(set(os.listdir("/dev/shm")) - shared_memory)
    soak.summary.write(out)
    print((out / "summary.md").read_text())
    sys.exit(1 if soak.summary.failures else 0)


if __name__ == "__main__":
    main()
