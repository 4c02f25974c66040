"""Log of a run: its events, and a run that does not depend on it."""

import json
import logging
from collections import Counter

import pytest

from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.run_log import PROGRESS_SECONDS, log_progress, log_run
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.log import log, write_log
from lionhunt.search.workers.retry import failure_from
from tests.support.search.runs import FormulaPool, advance, create, score


def read(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def events(file):
    return [line["event"] for line in read(file)]


def test_log_tells_how_a_run_began_and_ended(tmp_path):
    file = tmp_path / "run.log.jsonl"
    with log_run(file, 0, workers=3):
        log("worker_replaced", candidates=["a"])
    with pytest.raises(KeyboardInterrupt), log_run(file, 50):
        raise KeyboardInterrupt
    with pytest.raises(ValueError), log_run(file, 60):
        raise ValueError("a bug")
    log("nobody hears this")
    lines = read(file)
    assert [line["event"] for line in lines] == [
        *("started", "worker_replaced", "ended"),
        *("resumed", "interrupted"),
        *("resumed", "failed"),
    ]
    assert lines[0]["workers"] == 3 and {"pid", "host", "versions", "processor"} <= set(lines[0])
    assert lines[1]["candidates"] == ["a"] and lines[3]["programs"] == 50
    assert (lines[6]["error"], lines[6]["message"]) == ("ValueError", "a bug")
    times = [line["time"] for line in lines]
    assert times == sorted(times) and all(time.endswith("+00:00") for time in times)


def test_log_tells_how_far_a_run_is_now_and_then_and_at_the_end(tmp_path):
    progress = RunProgress(100, 10, statuses=Counter({Status.OK: 3}))

    def run():
        for progress.num_programs, progress.seconds in ((1, 1.0), (2, PROGRESS_SECONDS), (3, 40.0)):
            yield progress

    with write_log(tmp_path / "log"):
        assert len(list(log_progress(run()))) == 3
        assert list(log_progress(iter(()))) == []
    lines = read(tmp_path / "log")
    assert [(line["event"], line["programs"]) for line in lines] == [
        ("progress", 2),
        ("progress", 3),
    ]
    assert lines[0]["outcomes"] == {"ok": 3} and lines[0]["best"] is None


STOPPED = (
    Measurement(Status.TIMED_OUT, seconds=9.0),
    failure_from(KeyError("a: b"), seconds=9.0),
)


@pytest.mark.parametrize("outcome", STOPPED, ids=lambda each: each.status.value)
def test_log_tells_of_candidates_that_were_stopped(outcome, tmp_path):
    def scorer(bytecode):
        measurement = score(bytecode)
        return measurement if measurement.status is Status.OK else outcome

    with create(tmp_path) as records, write_log(records.log):
        advance(records, FormulaPool(scorer=scorer))
        stopped = {n for n, (_, why) in records.outcome_summaries().items() if why != Status.OK}
        told = read(tmp_path / "run.log.jsonl")
    assert {line["event"] for line in told} == {f"candidate_{outcome.status.value}"}
    assert {line["candidate"] for line in told} == stopped and len(told) == len(stopped) >= 3
    assert told[0]["seconds"] == 9.0
    why = {"error": "KeyError", "message": "'a: b'"} if outcome.error else {}
    assert told[0].items() >= why.items() and ("error" in told[0]) == bool(why)


def test_what_cannot_be_written_is_lost_and_counted(tmp_path):
    file = tmp_path / "log"
    with write_log(file):
        log("a")
        file.rename(tmp_path / "old")
        # A folder in its place has the effect of a full disk.
        file.mkdir()
        log("b")
        log("c")
        file.rmdir()
        log("d", number=1)
        log("e")
    assert events(tmp_path / "old") == ["a"]
    first, second = read(file)
    assert first["event"] == "d" and first["lost_before"] == 2 and first["number"] == 1
    assert second["event"] == "e" and "lost_before" not in second


def test_line_that_a_killed_process_left_is_ended(tmp_path):
    file = tmp_path / "log"
    file.write_bytes(b'{"event": "first"}\n{"event": "hal')
    with write_log(file):
        log("next")
        log("last")
    first, half, *rest = file.read_bytes().splitlines()
    assert first == b'{"event": "first"}' and half == b'{"event": "hal'
    assert [json.loads(line)["event"] for line in rest] == ["next", "last"]


def test_logging_is_left_as_it_was(tmp_path):
    logger = logging.getLogger("lionhunt")
    before = (logger.level, list(logger.handlers))
    with write_log(tmp_path / "log"):
        pass
    assert (logger.level, logger.handlers) == before
