"""The display of activities: a bar with the count and the time left, or a line of text."""

import math

from rich.console import Group, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.spinner import Spinner
from rich.table import Column
from rich.text import Text

from lionhunt.search.activity import Activity
from lionhunt.search.reporting.text import clock

PACE_SECONDS = 3600.0
"""The time over which the pace is measured. Single trainings may take minutes."""


class _TimeLeft(ProgressColumn):
    """The time left of a task; nothing before it is known."""

    def render(self, task: Task) -> Text:
        left: float = task.fields["left"]
        return Text(f"{clock(left)} left" if math.isfinite(left) else "")


def make_bar() -> Progress:
    """Return a bar whose task has two more fields: its count in words, and the seconds left."""
    return Progress(
        # The terminal's own colour is readable on any background.
        BarColumn(bar_width=None, style="dim", complete_style="bold", finished_style="bold"),
        TextColumn("{task.fields[count]}", table_column=Column(no_wrap=True)),
        _TimeLeft(table_column=Column(no_wrap=True)),
        speed_estimate_period=PACE_SECONDS,
        expand=True,
    )


class ActivityBar:
    """A bar that follows one activity after the other; it measures the pace of each."""

    def __init__(self):
        self._spinner = Spinner("line")
        self._bar = make_bar()
        self._activity = Activity("")

    @property
    def seconds_left(self) -> float:
        """Return the seconds left at the pace of this activity; infinite if there is none."""
        is_counted = self._bar.tasks and self._activity.total
        left = self._bar.tasks[0].time_remaining if is_counted else None
        return math.inf if left is None else left

    def to_display(self, activity: Activity) -> RenderableType:
        """Return the live display of an activity."""
        self._follow(activity)
        self._spinner.update(text=Text(activity.text))
        return Group(self._spinner, self._bar) if activity.total else self._spinner

    def to_line(self, activity: Activity) -> str:
        """Return an activity as one line, for a stream that is no terminal."""
        self._follow(activity)
        left = f", {clock(self.seconds_left)} left" if math.isfinite(self.seconds_left) else ""
        return f"{activity}{left}"

    def _follow(self, activity: Activity) -> None:
        before, self._activity = self._activity, activity
        is_same = before[2:] == activity[2:] and before.done <= activity.done
        if not (is_same and self._bar.tasks):
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            # The units that are done already say nothing of the pace.
            self._bar.add_task("", total=activity.total, completed=int(activity.done))
        (task,) = self._bar.task_ids
        self._bar.update(task, completed=activity.done, count=activity.count_text)
        # The time left depends on the update before.
        self._bar.update(task, left=self.seconds_left)
