"""The sampling profiler: the part of a stack, and seconds that add up to the clock's."""

# Its frames are stand-ins.
# pyright: reportArgumentType=false

import json
import sys
import time
from types import SimpleNamespace

import pytest

from lionhunt.search import sampling
from lionhunt.search.sampling import OTHER, Sampler, part_of, sampled


def stack(*frames):
    """Return frames, the innermost first, each as a path and a function."""
    frame = None
    for path, function in reversed(frames):
        code = SimpleNamespace(co_filename=path, co_name=function)
        frame = SimpleNamespace(f_code=code, f_back=frame)
    return frame


@pytest.mark.parametrize(
    "frames, part",
    [
        (
            [("jax/_src/compiler.py", "compile"), ("search/evaluation/evaluator.py", "f")],
            "compiling",
        ),
        ([("jax/_src/core.py", "bind"), ("search/evaluation/evaluator.py", "f")], "tracing"),
        ([("numpy/x.py", "dot"), ("search/evaluation/evaluator.py", "f")], "training"),
        ([("sqlite.py", "f"), ("search/storage/database.py", "commit")], "records"),
        ([("selectors.py", "select"), ("search/workers/process_host.py", "wait")], "waiting"),
        ([("dsl/ops.py", "<module>"), ("<frozen importlib._bootstrap>", "f")], "imports"),
        ([("bin/lionhunt", "<module>")], OTHER),
        ([("dsl/program.py", "f"), ("search/driver/search_loop.py", "run")], "breeding"),
        ([("thing.py", "f")], OTHER),
        ([], OTHER),
    ],
)
def test_innermost_frame_that_is_known_decides(frames, part):
    assert part_of(stack(*frames)) == part


def test_seconds_add_up_to_those_of_the_clock(monkeypatch):
    monkeypatch.setattr(sampling, "part_of", lambda frame: frame.f_code.co_name)
    began = time.perf_counter()
    with sampled() as sampler:
        time.sleep(0.3)
    assert sum(sampler.seconds.values()) == pytest.approx(time.perf_counter() - began, abs=0.2)
    assert sampler.seconds[sys._getframe().f_code.co_name] > 0


def test_samples_are_in_the_file_while_the_work_goes_on(monkeypatch, tmp_path):
    monkeypatch.setattr(sampling, "WRITE_SECONDS", 0.0)
    file = tmp_path / "1.json"
    sampler = Sampler(file)
    while not file.exists():
        time.sleep(0.01)
    sampler.stop()
    assert all(seconds > 0 for seconds in json.loads(file.read_text()).values())
