"""A scorer that takes no time, for measurements of all that is not training."""

import zlib
from collections.abc import Sequence

from lionhunt.search.bench.new_process import resident_mib
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status

NUM_NEEDED = 9
"""Instructions of AdamW, which the scorer prefers."""
REFERENCE = "reference"
"""Name of the job that all workers must score alike."""


class FreeScorer:
    """A scorer that prefers programs with as many instructions as AdamW has.

    The rest of a score is drawn by the name. So programs neither shrink nor grow without end.
    """

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        return [_score(job) for job in jobs]


class MemoryScorer:
    """A scorer whose score is the memory of its process in MiB, but for the reference."""

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        return [
            Measurement(Status.OK, (1.0 if job.name == REFERENCE else resident_mib(),))
            for job in jobs
        ]


def _score(job: Job) -> Measurement:
    code = job.bytecode
    excess = abs(int(code.num_vector_code + code.num_scalar_code) - NUM_NEEDED)
    luck = zlib.crc32(job.name.encode()) / 2**32
    return Measurement(Status.OK, (luck - 0.3 * excess,))
