"""Setup of comparisons: names of tasks, and the refusal to resume another comparison."""

import pytest

from lionhunt.search.comparison.setup import PreparedComparison, open_comparisons
from lionhunt.search.errors import ConfigError, RecordError
from tests.support.search.comparison_runs import FormulaTrainers, compared, config, stop_after


def test_names_of_tasks_of_one_kind_show_the_options_that_differ():
    tasks = PreparedComparison("small", config()).tasks
    assert [task.name for task in tasks] == [
        "digits_mlp (batch_size 4)",
        "digits_mlp (batch_size 8)",
    ]
    assert all(task.num_parameters == 64 * 4 + 4 + 4 * 4 + 4 + 4 * 10 + 10 for task in tasks)


def test_a_comparison_with_the_name_of_another_key_is_refused(tmp_path):
    prepared = PreparedComparison("machine", config())
    with pytest.raises(ConfigError, match="cannot have the name 'machine'; rename its file"):
        with open_comparisons(tmp_path / "machine", [prepared]):
            pass


def test_another_comparison_in_the_folder_is_refused(tmp_path):
    stop_after(3, tmp_path, FormulaTrainers())
    with pytest.raises(RecordError, match=r"holds another comparison .*choose another --out"):
        compared(tmp_path, FormulaTrainers(), num_final_seeds=6)


def test_horizons_make_another_comparison_and_none_are_as_in_earlier_versions(tmp_path):
    config_of = [
        PreparedComparison("small", config(**changes)).identity()["config"]
        for changes in ({}, {"horizons": [1.0]}, {"horizons": [0.5, 1.0]})
    ]
    assert "horizons" not in config_of[0] and config_of[0] == config_of[1]
    assert config_of[2]["horizons"] == [0.5]
    stop_after(3, tmp_path, FormulaTrainers())
    with pytest.raises(RecordError, match="config differs"):
        compared(tmp_path, FormulaTrainers(), horizons=[0.5])
