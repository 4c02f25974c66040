"""Options of a user's task in a config: checked as the built-in ones, and executed when needed."""

# pyright: reportAttributeAccessIssue=false

import dataclasses
import pickle

import pytest

from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.errors import ConfigError, SourceError
from lionhunt.search.user_code import kinds
from lionhunt.search.user_code.kinds import Offer
from lionhunt.search.user_code.task_options import UserTask
from tests.support.search.own_tasks import FAULTY, PARABOLA, write_task
from tests.support.search.runs import RAW


def parsed(**table) -> UserTask:
    (task,) = parse_run_config(RAW | {"tasks": [table]}, "test").tasks
    assert isinstance(task, UserTask)
    return task


@pytest.fixture
def kind(tmp_path) -> str:
    return write_task(tmp_path)


def test_options_get_their_defaults_and_survive_a_record(kind):
    config = parse_run_config(RAW | {"tasks": [{"kind": kind, "size": 5}]}, "test")
    (task,) = config.tasks
    dumped = config.model_dump(mode="json")
    assert dumped["tasks"] == [{"kind": kind, "num_steps": 20, "size": 5, "noise": 0.1}]
    recorded = parse_run_config(dumped, "record", loads_code=False)
    assert recorded == config and {*recorded.tasks, task} == {task}
    assert (task.name, task.num_steps, task.scaled_steps, task.horizons) == (
        "Parabola",
        20,
        20,
        None,
    )
    assert pickle.loads(pickle.dumps(recorded.tasks[0])) == task


def test_a_record_is_read_without_its_code(tmp_path):
    kind = write_task(tmp_path, "raise RuntimeError")
    raw = RAW | {"tasks": [{"kind": kind, "horizons": [3, 9]}, {"kind": "of_another_package"}]}
    tasks = parse_run_config(raw, "test", loads_code=False).tasks
    assert [task.name for task in tasks] == ["Parabola", "of_another_package"]
    assert tasks[0].horizons == (3, 9)
    with pytest.raises(SourceError, match="cannot import"):
        tasks[0].load()
    with pytest.raises(SourceError, match="unknown task 'of_another_package'"):
        tasks[1].build()


@pytest.mark.parametrize(
    "options, said",
    [
        ({"siez": 3}, "tasks.0.siez: unknown key; did you mean 'size'?"),
        ({"completely": 3}, "unknown key; there are num_steps, size, noise"),
        ({"size": "a"}, "tasks.0.size: Input should be a valid integer, got 'a'"),
        ({"size": 2.5}, "tasks.0.size: .*integer"),
        ({"size": 0}, r"tasks.0: size \(0\) must be positive"),
        ({"num_steps": 0}, "tasks.0.num_steps: expected a whole number from 1 to .*, got 0"),
        ({"horizons": [9, 3]}, r"horizons \[9, 3\] must begin with the lower number"),
        ({"horizons": [0, 3]}, "tasks.0.horizons.0: .*greater than 0"),
        ({"reparametrization": 0.5}, "tasks.0.reparametrization: .*greater than or equal to 1"),
    ],
)
def test_wrong_options_are_one_line(kind, options, said):
    with pytest.raises(ConfigError, match=said) as caught:
        parsed(kind=kind, **options)
    assert len(str(caught.value).splitlines()) == 1


def test_a_setting_that_is_wrong_is_named(kind):
    from lionhunt.search.config import parse_config

    with pytest.raises(ConfigError, match="^--set tasks.0.size=0: tasks.0: size"):
        parse_config(RAW | {"tasks": [{"kind": kind}]}, "test", RunConfig, ["tasks.0.size=0"])


@pytest.mark.parametrize(
    "text, said",
    [
        ("Parabola = 3", "is int; expected a class with @lionhunt.task, a lionhunt"),
        ("class Parabola:\n  num_steps: int = 3", "the task class Parabola has no method 'build'"),
        ("class Parabola:\n  def build(self): pass", "has no field 'num_steps'"),
        (
            "class Parabola:\n  num_steps: int = 3\n  def build(self, data): pass",
            "has no build\\(\\) without arguments; it takes data",
        ),
        (
            "class Parabola:\n  num_steps: int = 3\n  kind: str = 'a'\n  def build(self): pass",
            "called 'kind', which every task has",
        ),
        (
            "class Parabola:\n  num_steps: int = 3\n  x: 'Nothing' = 1\n  def build(self): pass",
            "its options cannot be checked",
        ),
    ],
)
def test_what_is_no_task_class_is_named(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said) as caught:
        parsed(kind=write_task(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 1


def test_a_plain_dataclass_is_a_task_class(tmp_path):
    text = PARABOLA.replace("@lionhunt.task", "import dataclasses\n@dataclasses.dataclass")
    task = parsed(kind=write_task(tmp_path, text), size=2).build()
    assert task.num_parameters == 2


def test_a_finished_task_has_its_length_alone(tmp_path):
    text = f"{PARABOLA}\nParabola = Parabola(size=4).build()"
    kind = write_task(tmp_path, text)
    task = parsed(kind=kind)
    assert task.shortened(0.5).build().num_steps == 10 and task.build().num_parameters == 4
    with pytest.raises(ConfigError, match="size: unknown key; there are num_steps"):
        parsed(kind=kind, size=3)


def test_lengths(kind):
    reaching = parsed(kind=kind, size=4, target_loss=1.0)
    assert reaching.to_json()["target_loss"] == 1.0 == reaching.values()["target_loss"]
    assert reaching.build().target_loss == 1.0 and not reaching.build().higher_is_better
    assert reaching.build().digest != parsed(kind=kind, size=4).build().digest
    task = parsed(kind=kind, size=4, horizons=[10, 40])
    assert (task.scaled_steps, task.build().horizons) == (40, (10, 40))
    half = task.shortened(0.5)
    assert (half.num_steps, half.horizons, half.build().horizons) == (10, (5, 20), (5, 20))
    cut = task.cut_to(7)
    assert (cut.num_steps, cut.horizons, cut.build().num_steps) == (7, None, 7)
    assert cut.values() == {"kind": kind, "num_steps": 7, "size": 4, "noise": 0.1}
    assert parsed(kind=kind, reparametrization=3.0).build().reparametrization == 3


def test_own_scales_count(tmp_path):
    text = PARABOLA.replace(
        "    def build",
        "    scale: float = 4.0\n\n    @property\n    def scaled_steps(self):\n"
        "        return round(self.num_steps * self.scale**0.5)\n\n    def build",
    ).replace("num_steps=self.num_steps", "num_steps=self.scaled_steps")
    task = parsed(kind=write_task(tmp_path, text), horizons=[10, 20])
    assert (task.num_steps, task.scaled_steps, task.build().horizons) == (20, 40, (20, 40))
    assert task.cut_to(10).build().num_steps == 10


def test_the_digest_covers_source_options_and_data(tmp_path):
    kind = write_task(tmp_path)
    digests = [parsed(kind=kind, **o).build().digest for o in ({}, {"size": 4}, {"num_steps": 21})]
    digests.append(parsed(kind=kind, reparametrization=2.0).build().digest)
    moved = write_task(tmp_path / "elsewhere")
    assert parsed(kind=moved).build().digest == digests[0]
    write_task(tmp_path, PARABOLA.replace("0.1", "0.2"))
    digests.append(parsed(kind=kind, noise=0.1).build().digest)
    with_data = PARABOLA.replace("score=", "data=jnp.ones(2), score=")
    with_data = with_data.replace("lambda key: self", "lambda key, d: self")
    with_data = with_data.replace("lambda params: jnp", "lambda params, d: jnp")
    for text in (with_data, with_data.replace("ones", "zeros")):
        write_task(tmp_path, text)
        digests.append(parsed(kind=kind).build().digest)
    assert len(set(digests)) == len(digests)


def test_hidden_options_are_not_in_the_digest(tmp_path):
    line = "    path: str = dataclasses.field(default='a', repr=False)\n"
    text = PARABOLA.replace("    noise", f"{line}    noise").replace(
        "import jax\n", "import dataclasses\nimport jax\n", 1
    )
    kind = write_task(tmp_path, text)
    assert parsed(kind=kind).build().digest == parsed(kind=kind, path="b").build().digest


@pytest.mark.parametrize(
    "how, said",
    [
        ("build", r"task Faulty: build raised ValueError: nothing \(own_task.py, line \d+\)"),
        ("import", "build raised ModuleNotFoundError: No module named 'no_such_module_of_mine'"),
        ("no task", "build must return a lionhunt.Task, not int"),
        ("raise", r"loss raised ZeroDivisionError: division by zero \(own_task.py, line \d+\)"),
        ("array", r"loss must be a float, shape=\(\); it is float32, shape=\(8, 3\)"),
        ("text", r"score must be a float, shape=\(\); it is good"),
        ("whole", r"init must return float32 arrays; params\['w'\] is int32, shape=\(3,\)"),
        ("empty", "init returns no array; what should be trained?"),
        ("shape", r"loss raised TypeError: sub got incompatible shapes .* \(own_task.py, line"),
        ("arguments", r"batch must take \(key\), and takes \(key, data\)"),
        ("steps", "build returns a task of 7 steps, but its options say 20"),
    ],
)
def test_faults_of_a_task_are_one_line(tmp_path, how, said):
    task = parsed(kind=write_task(tmp_path, FAULTY), how=how)
    with pytest.raises(Exception, match=said) as caught:
        task.build()
    assert type(caught.value).__name__ in ("TaskError", "TaskCodeError")
    assert len(str(caught.value).splitlines()) == 1


def test_packages_offer_kinds_by_name(tmp_path, monkeypatch):
    kind = write_task(tmp_path)
    offers = {"paraboloid": Offer(kind, "a-package"), "broken": Offer("no_such_module:X", "b")}
    monkeypatch.setattr(kinds, "offered", lambda: offers)
    task = parsed(kind="paraboloid", size=2)
    assert task.name == "paraboloid" and task.build().name == "paraboloid"
    assert kinds.all_kinds()[-2:] == ["paraboloid", "broken"]
    with pytest.raises(ConfigError, match="cannot import no_such_module"):
        parsed(kind="broken")
    with pytest.raises(ConfigError, match="unknown task 'parabolid'; did you mean 'paraboloid'"):
        parsed(kind="parabolid")


def test_entry_points_are_found_without_their_code(monkeypatch):
    from importlib import metadata

    point = metadata.EntryPoint("mine", "no_such_module:X", kinds.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] * (group == kinds.GROUP))
    kinds.offered.cache_clear()
    assert kinds.offered() == {"mine": Offer("no_such_module:X", "")}
    kinds.offered.cache_clear()


def test_tasks_of_python_are_tables(kind):
    from lionhunt.search.user_code.loading import load

    cls = load(kind).value
    config = RunConfig(num_programs=2000, tasks=(cls(size=2), cls(size=3).build()))
    named, finished = config.tasks
    assert named.to_json() == {"kind": kind, "num_steps": 20, "size": 2, "noise": 0.1}
    assert finished.kind == "<task>" and finished.build().num_parameters == 3
    assert finished.shortened(0.5).build().num_steps == 10
    again = parse_run_config(config.model_dump(mode="json"), "test")
    assert again == config and again.tasks[1].build().digest == finished.build().digest
    other = parse_run_config(RAW | {"tasks": [cls(size=2), cls(size=3).build()]}, "test")
    assert other.tasks == config.tasks


def test_an_object_that_is_not_there_is_asked_for(kind):
    lost = {"kind": "<lost>", "digest": "0123", "num_steps": 3}
    (task,) = parse_run_config(RAW | {"tasks": [lost]}, "test", loads_code=False).tasks
    with pytest.raises(SourceError, match="task lost was given as a Python object .*again"):
        task.build()


def test_options_of_objects_are_fixed(kind):
    from lionhunt.search.user_code.loading import load

    task = dataclasses.replace(load(kind).value().build(), name="mine")
    (given,) = RunConfig(num_programs=2000, tasks=(task,)).tasks
    with pytest.raises(ConfigError, match="size: unknown key; there are num_steps"):
        parsed(**given.to_json(), size=3)


def test_what_has_no_content_is_named():
    import threading

    lock = threading.Lock()

    def loss(params, batch):
        return lock and params

    from lionhunt.proxy_tasks import Task

    task = Task.from_functions(
        init=lambda key: key, batch=lambda key: key, loss=loss, score=lambda p: p, num_steps=3
    )
    with pytest.raises(
        ConfigError, match="nothing identifies lock, which .*loss reads: a lock; put"
    ):
        parse_run_config(RAW | {"tasks": [task]}, "test")
    named = dataclasses.replace(task, digest="mine")
    assert parse_run_config(RAW | {"tasks": [named]}, "test", loads_code=False)
