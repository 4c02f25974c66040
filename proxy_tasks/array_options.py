"""Options of the task on arrays in a file; the module imports neither NumPy nor JAX."""

import dataclasses
from typing import Literal

from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.task_class import task
from lionhunt.proxy_tasks.task_options import MAX_OPTION

Model = Literal["linear", "mlp", "conv", "gru"]


@task
@dataclasses.dataclass(frozen=True, kw_only=True)
class Arrays:
    """Rows of a file of yours, by a small model: classification or regression."""

    path: str = dataclasses.field(repr=False)
    """File of the rows: npz with arrays x and y, or csv or parquet with a column for each number.
    It starts from the current folder."""
    target: str = ""
    """Array or column of the targets; by default `y`, or the last column."""
    problem: Literal["classification", "regression", ""] = ""
    """By default a classification where the targets are text or whole numbers."""
    model: Model = "mlp"
    """A linear model, a perceptron, a convolutional network or a gated recurrent unit. The third
    takes images of height x width, also with channels, the last sequences of length x features."""
    width: int = 32
    """Width of the model."""
    depth: int = 2
    """Hidden layers."""
    metric: Literal["accuracy", "loss"] = "loss"
    """Validation metric: the loss, or of a classification the share of right answers."""
    validation_share: float = 0.2
    """Share of the rows to validate on; a fixed permutation chooses them."""
    num_steps: int = 300
    """Training steps."""
    batch_size: int = 64
    """Examples in a batch."""

    def __post_init__(self):
        for name in ("width", "depth", "batch_size", "num_steps"):
            if not 0 < (value := getattr(self, name)) <= MAX_OPTION:
                raise ValueError(f"{name} ({value}) must be positive, and {MAX_OPTION:,} at most")
        if not 0 < self.validation_share < 1:
            raise ValueError(f"validation_share ({self.validation_share}) must be between 0 and 1")

    def build(self) -> Task:
        """Build the task; JAX is imported here.

        Raises:
            DataError: the file is missing, or does not fit the options.
        """
        from lionhunt.proxy_tasks.from_arrays import from_arrays

        return from_arrays(
            self.path,
            self.target or None,
            problem=self.problem or None,
            model=self.model,
            width=self.width,
            depth=self.depth,
            metric=self.metric,
            validation_share=self.validation_share,
            num_steps=self.num_steps,
            batch_size=self.batch_size,
        )
