"""One optimizer program in Python: look at it, simplify it, classify it, carry it elsewhere."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from lionhunt import dsl
from lionhunt.search.activity import Activity
from lionhunt.search.api.configs import Settings, resolve_measuring
from lionhunt.search.api.own_functions import with_functions, with_loaded_functions
from lionhunt.search.storage.program_ref import Source, find_program

if TYPE_CHECKING:
    import jax
    import optax

    from lionhunt.dsl.analysis.properties import Properties
    from lionhunt.dsl.analysis.state_size import StateSize
    from lionhunt.dsl.behavior import Behavior
    from lionhunt.dsl.classification import Classification


def program(ref: "str | Path | dsl.Program | OptimizerProgram") -> "OptimizerProgram":
    """Return the program that a reference names.

    Args:
        ref: name of a library program, path of a file, "RUN:best", "RUN:4711", "RUN:best@7" (the
            best that needs 7 statements), program text, or a parsed program.

    Raises:
        SourceError: the reference names no program, or the text has an error.
        RecordError: the run cannot be read.

    Example:
        >>> lion = program("lion")
        >>> lion.fingerprint == program(lion.text).fingerprint
        True
    """
    if isinstance(ref, OptimizerProgram):
        return ref
    if isinstance(ref, dsl.Program):
        return OptimizerProgram(Source("program", ref))
    return OptimizerProgram(find_program(str(ref)))


@dataclasses.dataclass(frozen=True)
class OptimizerProgram:
    """A program and where it comes from. Make one with `program`.

    Attributes:
        source: the reference, the parsed program, its docstring and its record in a run.
    """

    source: Source

    @property
    def name(self) -> str:
        """Return the reference that named this program."""
        return self.source.name

    @property
    def program(self) -> dsl.Program:
        """Return the parsed program."""
        return self.source.program

    @property
    def text(self) -> str:
        """Return the program as text that `program` reads."""
        return str(self.source.program)

    @property
    @with_functions
    def fingerprint(self) -> str:
        """Return the fingerprint: programs with equal fingerprints compute the same updates."""
        return dsl.fingerprint(self.source.program)

    @property
    @with_functions
    def properties(self) -> "Properties":
        """Return what the update depends on: learning rate, weights, gradient.

        Example:
            >>> program("lion").properties.degree
            0.0
        """
        from lionhunt.dsl.analysis.properties import find_properties

        return find_properties(self.source.program)

    @property
    def index(self) -> int | None:
        """Return its number in its run; None for a program that is not from a run."""
        return None if self.source.row is None else self.source.row.individual.index

    @property
    def fitness(self) -> float | None:
        """Return its fitness in its run, higher is better; None if it has none."""
        return None if self.source.row is None else self.source.row.fitness

    @property
    def scores(self) -> dict[str, float]:
        """Return its mean score on each task of its run, by name; empty if it has no fitness."""
        if self.source.run is None or self.source.row is None or self.fitness is None:
            return {}
        from lionhunt.search.storage.run_store import RunStore

        with RunStore.open_to_read(self.source.run) as store:
            names = [task["name"] for task in store.info()["tasks"]]
            measured = [store.measurement(name) for name in self.source.row.outcome.of_fitness]
        scores = zip(*(each.scores for each in measured if each is not None), strict=True)
        return {name: fmean(score) for name, score in zip(names, scores, strict=False)}

    @property
    @with_functions
    def num_needed(self) -> int:
        """Return the number of statements that the update depends on."""
        return len(dsl.simplify(self.source.program).statements)

    @property
    @with_functions
    def state_size(self) -> "StateSize":
        """Return how many numbers the optimizer keeps: per parameter, per array, and single ones.

        Example:
            >>> str(program("adamw").state_size)
            '2 numbers per parameter, and 2 numbers'
        """
        from lionhunt.dsl.analysis.state_size import measure_state

        return measure_state(self.source.program)

    @with_functions
    def summary(self) -> dict[str, Any]:
        """Return what abstract execution says: what `lionhunt show PROGRAM --json` prints."""
        from lionhunt.search.driver.summary import summarize_program

        return summarize_program(self.source)

    def simplify(
        self,
        *,
        exact_only: bool = False,
        by_search: int = 0,
        config: Any = None,
        settings: Settings = None,
        workers: int | None = None,
        on_status: Callable[[Activity], None] = lambda activity: None,
        on_event: Callable[[Any], None] = lambda event: None,
    ) -> "Simplification":
        """Return the shortest program that does the same, with the justification of each step.

        Args:
            exact_only: take exact and algebraic steps alone, in a second. Otherwise steps that
                cost nothing measurable are taken too; measuring trains for minutes.
            by_search: first search this many programs that only delete statements.
            config: path, bundled name or mapping: tasks, seeds and tolerance of measurements.
            settings: values that replace those of the config.
            workers: processes that train; 0 trains in this process. None: as the config says.
            on_status: receives what is being done, and its count; `str` makes it one line.
            on_event: receives every step as it is taken.

        Example:
            >>> program("raw_lion").simplify(exact_only=True).program.num_needed
            10
        """
        return self._simplify(
            config, settings, workers, exact_only, by_search, False, on_status, on_event
        )

    def derive(
        self,
        *,
        exact_only: bool = False,
        config: Any = None,
        settings: Settings = None,
        workers: int | None = None,
        on_status: Callable[[Activity], None] = lambda activity: None,
        on_event: Callable[[Any], None] = lambda event: None,
    ) -> "Simplification":
        """Simplify, and add what a sceptic asks: differences in training, what is left to believe.

        The arguments are those of `simplify`. `raw_lion` takes 3 to 7 minutes on two cores.
        """
        return self._simplify(config, settings, workers, exact_only, 0, True, on_status, on_event)

    @with_functions
    def drop_one(
        self,
        *,
        config: Any = None,
        settings: Settings = None,
        workers: int | None = None,
        on_status: Callable[[Activity], None] = lambda activity: None,
    ) -> dict[str, Any]:
        """Measure this program without each of its functions and each of its states.

        Returns:
            What `lionhunt simplify PROGRAM --drop-one --json` prints: `parts` has the losses and
            the verdict on each, "needed", "hurts", "does nothing" or "undecided".

        Raises:
            ConfigError: the program does not learn on the tasks.
        """
        from lionhunt.search.simplification.drop_one import drop_each

        return drop_each(self.source, *resolve_measuring(config, settings, workers), on_status)

    @with_functions
    def _simplify(
        self,
        config: Any,
        settings: Settings,
        workers: int | None,
        exact_only: bool,
        by_search: int,
        in_full: bool,
        on_status: Callable[[Activity], None],
        on_event: Callable[[Any], None],
    ) -> "Simplification":
        from lionhunt.search.simplification.loop import derive

        summary = derive(
            self.source,
            *resolve_measuring(config, settings, workers),
            exact_only=exact_only,
            by_search=by_search,
            in_full=in_full,
            on_activity=on_status,
            on_event=on_event,
        )
        return Simplification(self, summary)

    @with_functions
    def classify(self) -> "Classification":
        """Return the known optimizers that this program is nearest to, and what differs."""
        from lionhunt.dsl.classification import classify

        return classify(self.source.program, self.source.notes)

    @with_functions
    def behavior(self) -> "Behavior":
        """Return the known optimizers whose updates are nearest, and the differences.

        All run side by side on recorded gradients of proxy tasks, which takes some seconds.
        """
        from lionhunt.dsl.classification.classifier import Likeness
        from lionhunt.search.behavior.summary import find_behavior

        known = self.classify()
        is_unlike = known.likeness is Likeness.UNLIKE
        return find_behavior(self.source.program, () if is_unlike else known.optimizers)

    @with_loaded_functions
    def to_optax(self, name: str | None = None) -> str:
        """Return a Python file with this optimizer; it needs jax and optax alone.

        `name` is that of the optimizer; by default it is that of the program.
        """
        from lionhunt.dsl.export import to_optax

        return to_optax(self.source.program, name or self.source.short_name, self.source.notes)

    @with_loaded_functions
    def to_torch(self, name: str | None = None) -> str:
        """Return a Python file with this optimizer as a `torch.optim.Optimizer`.

        `name` is that of the optimizer; by default it is that of the program.
        """
        from lionhunt.dsl.export import to_torch

        return to_torch(self.source.program, name or self.source.short_name, self.source.notes)

    @with_loaded_functions
    def to_latex(self, name: str | None = None) -> str:
        """Return the update rule as LaTeX equations; they need amsmath alone.

        `name` is that of the optimizer; by default it is that of the program.
        """
        from lionhunt.dsl.export import to_latex

        return to_latex(self.source.program, name or self.source.short_name, self.source.notes)

    @with_functions
    def as_optimizer(
        self,
        learning_rate: "float | jax.Array | optax.Schedule" = 1.0,
        state_dtype: "jax.typing.DTypeLike | None" = None,
    ) -> "optax.GradientTransformationExtraArgs":
        """Return this program as an optax optimizer, compiled by itself.

        Args:
            learning_rate: the program's `lr` input: a number, or a schedule of the step count.
                Programs found by a search hold their peak rate as a constant: give a schedule
                whose peak is 1.
            state_dtype: the dtype of the states; None for float32, or float64 for float64
                parameters.
        """
        return dsl.as_optimizer(self.source.program, learning_rate, state_dtype)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        fitness = "" if self.fitness is None else f", fitness {self.fitness:.4f}"
        count = len(self.source.program.statements)
        return f"<OptimizerProgram {self.name}: {count} statements{fitness}>\n{self.text}"

    def _repr_html_(self) -> str:
        from lionhunt.search.api.html import program_html

        return program_html(self)


@dataclasses.dataclass(frozen=True)
class Simplification:
    """A simplified program and the way to it.

    Attributes:
        original: the program as it was given.
        summary: steps, refused steps, measurements: what `--json` prints.
    """

    original: OptimizerProgram
    summary: dict[str, Any] = dataclasses.field(repr=False)

    @property
    def program(self) -> OptimizerProgram:
        """Return the simplified program."""
        source = self.original.source
        with source.functions:
            return OptimizerProgram(
                Source(f"{source.short_name} simplified", dsl.parse(self.summary["result"]))
            )

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Return the steps in order: rule, justification, program after it, evidence."""
        return self.summary["steps"]

    def to_markdown(self) -> str:
        """Return the report of all steps as Markdown."""
        from lionhunt.search.reporting.blocks import to_markdown_report
        from lionhunt.search.simplification.report import summary_blocks

        return to_markdown_report(self.original.name, summary_blocks(self.summary))

    def _repr_markdown_(self) -> str:
        return self.to_markdown()
