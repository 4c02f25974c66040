"""The configuration of objectives beside fitness: memory, length and work."""

from typing import Annotated, Literal

import pydantic
from pydantic import Field

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.work import Cost, measure_cost
from lionhunt.dsl.program import Program
from lionhunt.search.config import Config
from lionhunt.search.errors import ConfigError
from lionhunt.search.fields import MAX_COUNT, Weight

Limit = Annotated[int, Field(ge=0, le=MAX_COUNT)]


class ObjectivesConfig(Config):
    """Costs beside fitness, which stays the gain.

    The state is the numbers that are kept for each parameter. The length is the statements that
    compute something new. The work is the functions of every parameter in a step, where a product
    of matrices counts as 64. AdamW costs 2, 16 and 12; Lion costs 1, 6 and 6."""

    max_state: Limit | None = None
    """Largest state. Programs beyond a limit are rejected without training. The reference never
    is."""
    max_length: Limit | None = None
    """Largest length."""
    max_work: Limit | None = None
    """Largest work."""
    state: Weight = 0.0
    """Fitness that each number of state costs. The rank is the fitness less all these costs.
    Tournaments, the front and the best program compare ranks."""
    length: Weight = 0.0
    """Fitness that each statement costs."""
    work: Weight = 0.0
    """Fitness that each function of every parameter costs."""
    front: tuple[Literal["state", "length", "work"], ...] = ()
    """Axes of the Pareto front, beside the rank. The front has the programs of the whole history
    that no other beats in rank and on all axes. Without axes it has the best program alone."""
    front_parents: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of parents that are drawn from the front, in place of a tournament. They may have left
    the population."""

    @pydantic.field_validator("front")
    @classmethod
    def _check_front(cls, front: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(front)) < len(front):
            raise ValueError("name each axis once")
        return front

    @property
    def limits(self) -> dict[str, int]:
        """Return the limits that are set, by the names of the costs."""
        limits = {"state": self.max_state, "length": self.max_length, "work": self.max_work}
        return {name: limit for name, limit in limits.items() if limit is not None}

    @property
    def is_used(self) -> bool:
        """Return whether costs have any effect."""
        return bool(self.limits or self.state or self.length or self.work or self.front)

    def exceeded(self, cost: Cost) -> list[str]:
        """Return the limits that a program exceeds, in words."""
        limits = self.limits.items()
        return [
            f"{name} {getattr(cost, name)} is above max_{name} ({limit})"
            for name, limit in limits
            if getattr(cost, name) > limit
        ]

    def check(self, initial: Program) -> None:
        """Raise `ConfigError` if the initial program exceeds a limit."""
        if exceeded := self.exceeded(measure_cost(canonicalize(initial))):
            raise ConfigError(
                f"the initial program's {', its '.join(exceeded)} in [objectives]; choose another, "
                "or raise the limit"
            )

    def discount(self, cost: Cost | None) -> float:
        """Return the fitness that a program costs; None for a program that was not measured."""
        if cost is None:
            return 0.0
        return self.state * cost.state + self.length * cost.length + self.work * cost.work

    def axes(self, cost: Cost | None) -> tuple[int, ...]:
        """Return the costs on the axes of the front; None for a program that was not measured."""
        return () if cost is None else tuple(getattr(cost, name) for name in self.front)
