"""The shape of the info of a run: what its readers rely on, in files of all versions."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_TASKS = 1000
MAX_SEEDS = 100

_Count = Annotated[int, Field(ge=0)]


class _Shape(BaseModel):
    """Values by name; others may stand beside them."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Task(_Shape):
    name: str
    metric: str
    higher_is_better: bool
    digest: str


class _Evolution(_Shape):
    population_size: Annotated[int, Field(gt=0)]
    tournament_size: Annotated[int, Field(gt=0)]
    lag: _Count


class _Evaluation(_Shape):
    combination: str
    weights: list[float] | None = None
    reevaluate: str | None = None


class _ValidationRules(_Shape):
    every: Annotated[int, Field(gt=0)]
    early_stop: Annotated[int, Field(gt=0)] | None = None


class _Racing(_Shape):
    num_best: _Count
    max_seeds: Annotated[int, Field(ge=2, le=MAX_SEEDS)]
    num_fresh: Annotated[int, Field(ge=0, le=MAX_SEEDS)]


class _Config(_Shape):
    seed: _Count
    num_programs: _Count
    max_trainings: float | None = None
    reference: str | None = None
    tasks: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_TASKS)]
    evolution: _Evolution
    evaluation: _Evaluation
    racing: _Racing | None = None
    hurdles: dict[str, float | None] | None = None
    validation: _ValidationRules | None = None


class _RunInfo(_Shape):
    config: _Config
    initial: str
    reference: str = ""
    tasks: Annotated[list[_Task], Field(min_length=1, max_length=MAX_TASKS)]
    validation_tasks: Annotated[list[_Task], Field(max_length=MAX_TASKS)] = []
    sources: dict[str, str] = {}
    # A simulated run has no versions.
    versions: dict[str, str | None] = {}
    machine: str = ""
    processor: str = ""
    jax_device: str = ""
    source_digest: str = ""


def find_problem(info: dict[str, Any]) -> str | None:
    """Return what is wrong with the info of a run; None if its readers can rely on it."""
    try:
        _RunInfo.model_validate(info)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    for key in ("tasks", "validation_tasks"):
        tasks = info.get(key, ())
        if len(names := {task["name"] for task in tasks}) < len(tasks):
            return f"{key}: two have one name of {', '.join(sorted(names))}"
    if info.get("validation_tasks") and info["config"].get("validation") is None:
        return "validation_tasks: the config has no validation"
    return None
