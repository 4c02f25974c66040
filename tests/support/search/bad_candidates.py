"""A run whose candidates misbehave: a script of the soak test, which also kills its workers.

    python tests/support/search/bad_candidates.py FOLDER SEED

Scores come from a formula. Some candidates kill their worker, hang, raise, or take all memory. The
behaviour of a candidate is a function of its bytecode, and its outcome.
"""

import json
import os
import random
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from lionhunt.dsl.execution.bytecode import Bytecode
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.log import write_log
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.process_host import ProcessHost
from lionhunt.search.workers.worker_pool import WorkerPool
from tests.support.search import runs as small_runs
from tests.support.search.runs import (
    INITIAL,
    FormulaPool,
    advance,
    create,
    key_of,
    score,
    score_job,
)

BAD = (Status.CRASHED, Status.TIMED_OUT, Status.OUT_OF_MEMORY, Status.RAISED)
SHARE = 0.04
"""The share of candidates with each of them."""


def fate(bytecode: Bytecode) -> Status:
    """Return the status that a candidate ends with; the initial program is fine."""
    key = key_of(bytecode)
    drawn = random.Random(b"fate" + key).random()
    is_bad = key != INITIAL and drawn < SHARE * len(BAD)
    return BAD[int(drawn / SHARE)] if is_bad else Status.OK


def expected_score(bytecode: Bytecode) -> Measurement:
    status = fate(bytecode)
    return score(bytecode) if status is Status.OK else Measurement(status)


class Scorer:
    """A scorer that misbehaves as its candidates do."""

    def evaluate(self, jobs):
        return [score_job(job, self._score) for job in jobs]

    def _score(self, bytecode: Bytecode) -> Measurement:
        status = fate(bytecode)
        if status is Status.CRASHED:
            os.kill(os.getpid(), signal.SIGKILL)
        if status is Status.TIMED_OUT:
            time.sleep(1000.0)
        if status is Status.OUT_OF_MEMORY:
            # Large pieces: the rest after a failure is enough for what Python still does.
            hoard = [np.empty(2**27) for _ in range(1000)]
            assert not hoard
        if status is Status.RAISED:
            raise ZeroDivisionError("a candidate's own")
        time.sleep(0.05)
        return score(bytecode)


def main() -> None:
    cloudpickle.register_pickle_by_value(small_runs)
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    host = ProcessHost(Scorer, memory_gib=2.0)
    pool = WorkerPool(host, num_workers=2, candidate_seconds=8.0)
    with create(folder, seed=seed) as records, closing(pool), write_log(records.log):
        actual = _summarize(advance(records, pool))
    with create(folder / "expected", seed=seed) as records:
        expected = _summarize(advance(records, FormulaPool(scorer=expected_score)))
    print(json.dumps(actual["reasons"]))
    sys.exit(0 if actual == expected else f"{actual} is not {expected}")


def _summarize(records: RunStore) -> dict[str, Any]:
    return {"history": records.history_digest(), "reasons": records.count_by_status()}


if __name__ == "__main__":
    main()
