"""Behavior: the known optimizer whose updates are nearest to those of a program.

Programs run side by side on recorded gradients. It may import the files of `dsl`, `dsl.analysis`,
`dsl.classification`, `dsl.edits`, `dsl.library` and `dsl.text`.
"""

from lionhunt.dsl.behavior.comparison import Behavior, Known, compare_behavior
from lionhunt.dsl.behavior.record import Record

__all__ = ["Behavior", "Known", "Record", "compare_behavior"]
