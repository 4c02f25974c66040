"""The help of every command: complete, with examples that parse, and loaded only when needed."""

import re
import shlex
import sys

import pytest
import typer

from lionhunt.search.cli import main
from tests.support.search.command_line import is_one_line

NAMES = list(main.COMMANDS)


def help_of(invoke_cli, *words) -> str:
    status, out, err = invoke_cli(*words, "--help")
    assert (status, err) == (0, "")
    return out


def load(name):
    """Return the real command of a name."""
    module, attribute, _ = main.COMMANDS[name]
    __import__(f"lionhunt.search.cli.{module}")
    return main.to_command(name, getattr(sys.modules[f"lionhunt.search.cli.{module}"], attribute))


def test_help_lists_every_command_with_its_line(invoke_cli):
    out = " ".join(help_of(invoke_cli).split())
    for name, (_, _, line) in main.COMMANDS.items():
        assert f"{name} {line}" in out


@pytest.mark.parametrize("name", NAMES)
def test_the_line_of_the_list_is_that_of_the_command(name):
    assert (load(name).help or "").partition("\n")[0] == main.COMMANDS[name][2]


def commands(command, *names):
    """Yield every command with its names, groups opened."""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from commands(inner, *names, name)
    else:
        yield names, command


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_examples_that_parse(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for names, command in commands(load(name), name):
        examples = re.findall(r"^  (lionhunt .*)$", command.help or "", re.MULTILINE)
        assert examples, names
        for example in examples:
            words = shlex.split(example.partition(">")[0])
            assert words[1 : 1 + len(names)] == list(names), example
            # Parsing checks options and types; nothing is invoked.
            command.make_context(name, words[1 + len(names) :])


@pytest.mark.parametrize("word", ["serch", "shw"])
def test_a_near_miss_is_suggested(invoke_cli, word):
    status, _, err = invoke_cli(word)
    assert status == 2 and "Did you mean" in err


def test_version_is_that_of_the_package(invoke_cli):
    import lionhunt

    assert invoke_cli("--version") == (0, f"lionhunt {lionhunt.__version__}\n", "")


def test_completion_names_commands_without_loading_them(monkeypatch, capsys):
    for module, _, _ in main.COMMANDS.values():
        monkeypatch.delitem(sys.modules, f"lionhunt.search.cli.{module}", raising=False)
    monkeypatch.setenv("_LIONHUNT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "lionhunt s")
    monkeypatch.setenv("COMP_CWORD", "1")
    with pytest.raises((SystemExit, typer.Exit)):
        main.app(prog_name="lionhunt")
    assert capsys.readouterr().out.split() == [n for n in NAMES if n.startswith("s")]
    assert "lionhunt.search.cli.select" not in sys.modules


@pytest.mark.parametrize("name", NAMES)
def test_near_miss_of_every_option_is_suggested(name, invoke_cli):
    for names, command in commands(load(name), name):
        words = {word for param in command.params for word in param.opts}
        for option in sorted(word for word in words if word.startswith("--")):
            # The miss may be nearer to another option.
            for miss in {option[:-1], f"{option}x", f"{option[:3]}{option[4:]}"} - words:
                status, _, err = invoke_cli(*names, miss)
                assert status == 2 and is_one_line(err)
                assert f"No such option: {miss}; did you mean '--" in err


@pytest.mark.parametrize(
    "words, meant",
    [
        (["export", "lion", "--to", "torhc"], "torch"),
        (["export-run", "x", "--to", "parket"], "parquet"),
        (["bench", "batch", "--task", "digts_mlp"], "digits_mlp"),
        (["bench", "tasks", "digit_mlp"], "digits_mlp"),
        (["claims", "--only", "memry"], "memory"),
        (["search", "quickstrt"], "quickstart"),
        (["search", "quickstart", "-workers", "2"], "--workers"),
    ],
)
def test_near_miss_of_a_value_is_suggested(words, meant, invoke_cli):
    status, _, err = invoke_cli(*words)
    assert status == 2 and is_one_line(err) and f"; did you mean '{meant}'?" in err
