"""The kinds of tasks that there are, with their options, and the options of one to check."""

import inspect
from collections.abc import Iterable
from typing import Any

from lionhunt.errors import LionhuntError
from lionhunt.proxy_tasks import FAMILIES, OTHER_KINDS, Task
from lionhunt.search.config import Config, parse_config
from lionhunt.search.fields import TaskOptions
from lionhunt.search.user_code.kinds import all_kinds, load_kind, offered
from lionhunt.search.user_code.option_docs import cost_of, describe_options, first_sentence


class OneTask(Config):
    """A task by itself."""

    task: TaskOptions
    """The task."""


def find_options(kind: str, settings: Iterable[str] = ()) -> Any:
    """Return the checked options of a task.

    Args:
        kind: a kind of a config; a file starts from the current folder.
        settings: `key=value` texts.

    Raises:
        ConfigError: there is no such task, or an option is wrong.
    """
    words = [f"task.{text}" for text in settings]
    return parse_config({"task": {"kind": kind}}, "check", OneTask, words).task


def summarize_kinds() -> list[dict[str, Any]]:
    """Summarize all kinds, one each; the code of installed packages is executed.

    A kind that cannot be loaded has the reason as its `problem`.
    """
    summaries = []
    for kind in all_kinds():
        try:
            summaries.append(summarize_kind(kind) | {"problem": ""})
        except LionhuntError as error:
            unknown = {"meaning": "", "description": "", "evaluation_seconds": None, "options": []}
            origin = offered()[kind].package
            summaries.append({"kind": kind, "from": origin, "problem": str(error)} | unknown)
    return summaries


def summarize_kind(kind: str) -> dict[str, Any]:
    """Summarize a kind of task, with its options.

    Raises:
        LionhuntError: there is none, or its code cannot be loaded.
    """
    if kind in FAMILIES:
        cls: Any = FAMILIES[kind]
    else:
        cls = load_kind(kind).value
    is_own = kind in FAMILIES or kind in OTHER_KINDS
    origin = "lionhunt" if is_own else offered()[kind].package if kind in offered() else "you"
    head = {"kind": kind, "from": origin}
    if isinstance(cls, Task):
        option = {"name": "num_steps", "type": "int", "default": str(cls.num_steps)}
        return head | {
            "meaning": f"scores by {cls.metric}",
            "description": f"A finished task that scores by {cls.metric}.",
            "evaluation_seconds": None,
            "options": [option | {"meaning": "Training steps."}],
        }
    return head | {
        "meaning": first_sentence(cls),
        "description": inspect.cleandoc(cls.__doc__ or "") if first_sentence(cls) else "",
        "evaluation_seconds": cost_of(cls),
        "options": [option._asdict() for option in describe_options(cls)],
    }
