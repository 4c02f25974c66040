"""Summary of a campaign in plain dictionaries, for the report and `--json`."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from lionhunt.dsl.analysis.properties import describe, find_properties
from lionhunt.dsl.analysis.state_size import measure_state
from lionhunt.dsl.text.parser import parse
from lionhunt.search.campaign.aim import judge
from lionhunt.search.campaign.candidates import count_functions, is_eligible
from lionhunt.search.campaign.config import CampaignConfig
from lionhunt.search.campaign.result import CampaignResult, SeedFinding
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.summary import summarize_comparison
from lionhunt.search.environment import summarize_environment
from lionhunt.search.paper.replication.summary import summarize_study

Summary = dict[str, Any]


def summarize_campaign(name: str, config: CampaignConfig, result: CampaignResult) -> Summary:
    """Return what every seed found, and the verdict on the aim.

    Args:
        name: of the campaign.
        config: of the campaign.
        result: of all seeds.
    """
    study = summarize_study(name, config.to_study(), [finding.run for finding in result.findings])
    labels = [optimizer.label for optimizer in config.compare.optimizers]
    against = {} if result.comparison is None else _differences(result.comparison, labels)
    seeds = [
        _summarize_finding(finding, run, config, against)
        for finding, run in zip(result.findings, study["runs"], strict=True)
    ]
    num_reached = sum(seed["is_reached"] for seed in seeds)
    return {
        "campaign": name,
        "config": config.model_dump(mode="json"),
        "num_seeds": len(seeds),
        "num_reached": num_reached,
        "is_reached": num_reached >= config.aim.min_seeds,
        "optimizers": labels,
        "seeds": seeds,
        "study": study,
        "comparison_seconds": result.comparison_seconds,
        "comparison": None
        if result.comparison is None
        else summarize_comparison(result.comparison),
    } | summarize_environment()


def _differences(
    comparison: Comparison, references: Sequence[str]
) -> dict[str, dict[str, Summary]]:
    """Return the comparison of each optimizer with each reference, by optimizer and reference."""
    found: dict[str, dict[str, Summary]] = {name: {} for name in comparison.optimizers}
    for reference in references:
        turned = summarize_comparison(dataclasses.replace(comparison, reference=reference))
        steps_to_target = turned["steps_to_target"]
        # Trainings of several lengths say more than the curve of one.
        ratios = steps_to_target["by_length"] or steps_to_target["by_curve"]
        steps = {entry["optimizer"]: entry["tasks"] for entry in ratios}
        for overall in turned["overall"]:
            name = overall["optimizer"]
            tasks = [
                {key: cell[key] for key in ("task", "relative_difference", "verdict")}
                for cell in turned["cells"]
                if cell["optimizer"] == name
            ]
            found[name][reference] = overall | {"tasks": tasks, "steps": steps[name]}
    return found


def _summarize_finding(
    finding: SeedFinding,
    run: Summary,
    config: CampaignConfig,
    against: Mapping[str, Mapping[str, Summary]],
) -> Summary:
    summary: Summary = {
        "name": finding.name,
        "seed": run["seed"],
        "run": finding.run.name,
        "search": run,
        "selection": finding.selection,
        "training_seconds": {"search": run["evaluation_seconds"]} | finding.seconds,
    }
    if finding.chosen is None or finding.simplification is None:
        nothing = dict.fromkeys(("chosen", "simplification", "program", "against"))
        return summary | nothing | {"conditions": [], "is_reached": False}
    simplification = dict(finding.simplification)
    classes = simplification.pop("class")
    program = parse(simplification["result"])
    comparisons = dict(against[finding.name])
    conditions = judge(config.aim, program, classes, comparisons)
    state = measure_state(program)
    return summary | {
        "chosen": {
            "program": finding.chosen["name"],
            "is_eligible": is_eligible(parse(finding.chosen["program"]), config.aim),
            "fitness": finding.chosen["final"]["fitness"],
        },
        "simplification": simplification,
        "program": str(program),
        "statements": len(program.statements),
        "state": state._asdict() | {"text": str(state)},
        "functions": dict(sorted(count_functions(program).items())),
        "properties": list(describe(find_properties(program))),
        "class": classes,
        "against": comparisons,
        "conditions": [condition._asdict() for condition in conditions],
        "is_reached": all(condition.is_met for condition in conditions),
    }
