"""The group of commands `lionhunt bench`."""

import typer

from lionhunt.search.cli.bench import parts, replays, wholes

COMMANDS = {
    "start": wholes.bench_starts,
    "profile": wholes.bench_profile,
    "dsl": parts.bench_language,
    "machine": parts.bench_evaluations,
    "step-sizes": parts.bench_multiples,
    "torch": parts.bench_torch_task,
    "alternatives": parts.bench_other_tools,
    "batch": parts.bench_batches,
    "records": wholes.bench_long_run,
    "tasks": wholes.bench_scales,
    "growth": wholes.bench_growth,
    "hurdles": replays.bench_early_stopping,
    "functional": replays.bench_functional_fingerprint,
}

bench = typer.Typer(help="Measure lionhunt itself.", add_completion=False, rich_markup_mode=None)
for name, command in COMMANDS.items():
    # The words of a command that is profiled may be options of its own.
    settings = {"ignore_unknown_options": True} if name == "profile" else None
    bench.command(name, context_settings=settings)(command)
