"""Configurations: values read from files, and the errors of bad ones."""

from pathlib import Path

import pytest

from lionhunt.proxy_tasks import DigitsMLP, StdlibLM
from lionhunt.search.campaign.ablation.config import AblationConfig
from lionhunt.search.campaign.config import CampaignConfig
from lionhunt.search.comparison.config import CompareConfig
from lionhunt.search.config import read_config
from lionhunt.search.driver.config import MutationConfig, RunConfig, load_config
from lionhunt.search.errors import ConfigError
from lionhunt.search.paper.claims.config import ClaimsConfig
from lionhunt.search.paper.replication.config import StudyConfig
from lionhunt.search.selection.config import SelectConfig
from lionhunt.search.simplification.config import SimplifyConfig

TEXT = """
num_programs = 50
[evolution]
population_size = 10
[[tasks]]
kind = "digits_mlp"
num_steps = 7
[[tasks]]
kind = "stdlib_lm"
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some.toml"
    path.write_text(TEXT)
    return path


def test_values_of_the_file_and_defaults(file):
    config = load_config(file)
    assert config.num_programs == 50 and config.seed == 0
    assert config.evolution.population_size == 10 and config.evolution.tournament_size == 2
    assert config.tasks == (DigitsMLP(num_steps=7), StdlibLM())


def test_settings_replace_values(file):
    settings = [
        "seed=4",
        "evolution.lag=0",
        "evaluation.combination=min",
        'initial="lion"',
        "tasks.0.num_steps=9",
        "mutation.functions=['sign', 'interpolate', '*']",
    ]
    config = load_config(file, settings)
    assert (config.seed, config.evolution.lag, config.initial) == (4, 0, "lion")
    assert config.evaluation.combination == "min"
    assert config.tasks[0].num_steps == 9
    assert config.mutation.to_space().functions == ("sign", "interp", "multiply")


def test_functions_are_named_by_groups_too():
    def functions(*words):
        return MutationConfig(functions=words).functions

    assert len(functions("paper")) == 43
    assert functions("matrix") == ("gram",)
    assert functions("paper", "matrix", "rows") == (
        *functions("paper"),
        "gram",
        *functions("rows"),
    )
    assert {"row_mean", "column_norm", "rows", "columns"} < set(functions("rows"))
    assert {"array_mean", "array_max", "size"} == set(functions("arrays"))
    assert functions("sign", "paper") == functions("sign", *functions("paper"))
    # A recorded config names functions, of which one has the name of its group.
    assert functions(*functions("rows", "add")) == functions("rows", "add")


@pytest.mark.parametrize(
    "setting, message",
    [
        ("foo=1", "foo: unknown key"),
        ("evolution.foo=1", "evolution.foo: unknown key"),
        ("tasks.1.foo=1", "tasks.1.foo: unknown key"),
        ("evaluation.batch_size=0", "evaluation.batch_size: .*greater than 0"),
        (
            "evaluation.batch_size=128",
            r"batch_size \(128\) must be at most lag \(64\), .*; to fill batches, set lag to 512",
        ),
        ("evaluation.ray_address=here", "ray_address: expected 'local', 'auto' .*, got 'here'"),
        ("evaluation.ray_address=ray://a:1", "ray_address: expected .*host:port, got 'ray://a:1'"),
        ("evolution.lag='8'", "evolution.lag: Input should be a valid integer, got '8'"),
        ("evolution.lag=1.5", "evolution.lag: .*got 1.5"),
        ("evolution.lag=-1", "evolution.lag: .*greater than or equal to 0, got -1"),
        ("evolution.lag=true", "evolution.lag: Input should be a valid integer"),
        ("seed=99999999999", "seed: .*less than"),
        ("num_programs=nan", "num_programs: "),
        ("num_programs=2020-01-01", "num_programs: .*integer"),
        ("evolution.tournament_size=11", r"tournament_size \(11\) .* population_size \(10\)"),
        ("num_programs=9", r"num_programs \(9\) .* population_size \(10\)"),
        ("tasks.0.kind=nope", "tasks.0: unknown task 'nope'; there are digits_mlp"),
        ("tasks=[{}]", "tasks.0: a task needs a kind"),
        ("tasks=[]", "tasks: .*at least 1"),
        ("tasks.0.num_steps=0", r"tasks.0: num_steps \(0\) must be positive"),
        ("tasks.0.num_steps='x'", "tasks.0.num_steps: .*got 'x'"),
        ("tasks.1.width=9", r"width \(9\) must be a multiple of num_heads \(2\)"),
        ("tasks.5.num_steps=1", "nothing is called '5'"),
        ("tasks.0.num_steps.x=1", "nothing is called 'x'"),
        ("mutation.functions=['squre']", "unknown function 'squre'"),
        ("mutation.functions=[]", "at least one function"),
        ("space.require=['no_drifts']", "unknown property 'no_drifts'; did you mean 'no_drift'"),
        ("mutation={insert=0, delete=0, modify=0}", "must not all be 0"),
        ("evaluation.combination=max", "combination: .*'mean' or 'min', got 'max'"),
        ("evaluation.candidate_seconds=0", "candidate_seconds: .*greater than 0"),
        ("evolution.lag=100000000000000000000", "evolution.lag: .*less than or equal"),
        ("mutation.insert=1e308", "mutation.insert: .*less than or equal"),
        ("tasks.0.num_steps=10000000000", "tasks.0: num_steps .* 1,000,000 at most"),
        ("tasks.0.scale=1e300", "tasks.0: scale .* 1,000,000 at most"),
        ("tasks.0.scale=inf", "tasks.0.scale: .*finite|tasks.0: scale"),
        ("seed" + ".x" * 3000 + "=1", "nothing is called|not a configuration"),
        ("seed=" + "[" * 5000, "seed: "),
        ("seed=" + "9" * 5000, "seed: "),
        ("seed", "expected key=value"),
        ("=3", "expected key=value"),
    ],
)
def test_bad_value_is_refused_in_one_line(file, setting, message):
    with pytest.raises(ConfigError, match=message) as error:
        load_config(file, [setting])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content, message", [(b"a = ", "is not TOML"), (b"\xff\xfe\x00", "is not TOML")]
)
def test_file_that_is_not_toml_is_named(file, content, message):
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=f"{file} {message}"):
        load_config(file)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot read .*none.toml: No such file"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot read .*: Is a directory"):
        load_config(tmp_path)


@pytest.mark.parametrize("path", sorted(Path("configs").glob("*.toml")), ids=lambda p: p.stem)
def test_every_config_loads_and_says_what_it_is_for(path):
    models = {
        "ablation": AblationConfig,
        "claims": ClaimsConfig,
        "compare": CompareConfig,
        "select": SelectConfig,
        "figure2": StudyConfig,
        "simplify": SimplifyConfig,
        "staircase": CompareConfig,
        "lion": CampaignConfig,
        "muon": CampaignConfig,
    }
    read_config(path, models.get(path.stem.partition("_")[0], RunConfig))
    head = path.read_text().splitlines()[:3]
    for line, word in zip(head, ("Purpose:", "Machine:", "Duration:"), strict=True):
        assert line.startswith(f"# {word}")
