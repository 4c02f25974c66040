"""The configuration of races."""

from typing import Annotated

from pydantic import Field

from lionhunt.search.config import Config
from lionhunt.search.storage.run_info import MAX_SEEDS


class RacingConfig(Config):
    """Races of promising programs over further seeds, against luck. They are off by default."""

    num_best: Annotated[int, Field(ge=0, le=1000)] = 0
    """Programs that count as the best. A program races if its rank would be among them, or if it
    would enter a front with axes ([objectives]). It is trained on 2 seeds in all, then on 4, 8 and
    so on, while one of these holds. Its fitness is the mean gain over the further seeds, without
    the first. The rank, which tournaments compare, is fitness less sigma / sqrt(n). Here sigma is
    the standard deviation of the gain of a training, and n the number of seeds. The rank is also
    less what the seeds add to all gains. Raced programs tell that of the further seeds, and the
    known optimizers of the gain "spread" that of all. 0 for no races: each program is trained once,
    and its rank is its fitness, less the costs in [objectives]."""
    max_seeds: Annotated[int, Field(ge=2, le=MAX_SEEDS)] = 8
    """Largest number of seeds of a program."""
    num_fresh: Annotated[int, Field(ge=0, le=MAX_SEEDS)] = 8
    """Fresh seeds, which no decision of the run sees. The best program is trained on them at the
    end, and the report has its gain there."""

    @property
    def num_evaluations(self) -> int:
        """Return the largest number of evaluations of a program, in a run with races."""
        return self.max_seeds + self.num_fresh if self.num_best else 1

    @property
    def fresh_numbers(self) -> range:
        """Return the numbers of the evaluations on fresh seeds; none without races."""
        return range(self.max_seeds + 1, self.num_evaluations + 1)
