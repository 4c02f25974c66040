"""Ctrl-C in every command, at a random moment: its status, its one line, and no process left.

`python -m tests.soak.interrupts` tries ten moments of each, over a longer time.
"""

import random
import shlex
import signal

import pytest

from lionhunt.search.cli.main import COMMANDS
from tests.soak.interrupts import CASES, interrupt, prepare

MAX_MOMENT = 0.5
"""Later moments take too long for every run of the tests, in seconds."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("interrupted")
    prepare(folder)
    # Background processes of a shell ignore SIGINT, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_interrupted_command_ends_in_one_line(name, folder):
    words = shlex.split(CASES[name].words)
    moment = random.Random(name).uniform(0, min(MAX_MOMENT, CASES[name].seconds))
    # A quick command may be done by then.
    while (end := interrupt(words, folder, moment)) is None:
        moment /= 2
    assert not end.problems()
