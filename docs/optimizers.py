"""The page of the library's optimizers; `make docs` writes it from the programs."""

import collections
import csv
import re
from pathlib import Path

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.export import to_latex
from lionhunt.dsl.kinds import Kind

PAGE = Path(__file__).with_suffix(".md")
ERRORS = Path(__file__).parents[1] / "tests" / "support" / "dsl" / "oracles" / "errors.csv"

FAMILIES = {
    "Gradients and momentum": """
        sgd momentum nesterov sgdw qhm aggmo pnm optimistic_gd
    """,
    "Signs": """
        signsgd signum lion c_lion ablation lion_smooth lion_sparse lion_norm tiger rprop powersign
        addsign
    """,
    "Roots of second moments": """
        adagrad rmsprop adadelta sdprop acprop madgrad
    """,
    "Adam and its kin": """
        adam adamw amsgrad adamax nadam nadamw radam qhadam adabelief yogi adabound adamod diffgrad
        adanorm stableadamw laprop adopt adan adapnm ademamix simplified_ademamix mars grams c_adamw
        adamw_cwd sophia optimistic_adam
    """,
    "Fewer second moments": """
        adafactor came adam_mini sm3
    """,
    "Steps as long as weights": """
        lars lamb novograd fromage normalized_momentum
    """,
    "Orthogonal matrices": """
        muon muon_corrected muon_moonlight muon_cubic normuon adamuon scion scion_unconstrained
    """,
    "Without a schedule or a learning rate": """
        schedule_free_sgd schedule_free_adamw dog dowg dadapt_adam prodigy cocob
    """,
    "Found by search": """
        raw_lion discovered_lion adamw_initial regularized adagrad_like adabelief_like
    """,
}
"""Names of programs by family."""

HEAD = """# Optimizers

The library holds {known} known optimizers, and {found} programs of the Lion search.
`make docs` writes this page from their texts. `lionhunt show NAME` prints a text.

- **Formula**: {legend}
- **Memory**: numbers for each weight that an exported optimizer keeps; then those for each array,
  and those for all. Averages of rows or columns have the shape of their array.
- **Oracle**: code by others. NumPy is the formula of the paper or of the authors' code.
- **Error**: the largest difference to the oracle in 100 steps, relative to the largest update.
  The program computes in float32, the oracle in float64.
- **Conventions**: a program follows the code that most people run.
  The note says how other code differs.

`python -m tests.support.dsl.oracles.errors` measures the errors.
"""
LEGEND = (
    r"$`\theta`$ are the weights, $`g`$ is the gradient, $`\eta`$ is `lr`, $`u`$ is the update. "
    "States start at 0."
)
ABSENT = """
## Not in the library

- **Sophia-H and Sophia-G** need a product with the Hessian, or the gradient of sampled labels.
- **Shampoo and SOAP** need roots or eigenvectors of matrices.
- **L-BFGS** keeps a history of steps, and searches along lines.
- **SAM** needs a second gradient at other weights.

Programs see gradients and weights alone, and keep arrays of their shapes.
"""


def page() -> str:
    """Return the page."""
    families = {family: names.split() for family, names in FAMILIES.items()}
    found = len(families["Found by search"])
    known = sum(map(len, families.values())) - found
    parts = [HEAD.format(known=known, found=found, legend=LEGEND)]
    errors = read_errors()
    parts.append("\n| program | optimizer | memory | oracle | error |\n|---|---|---|---|---|\n")
    parts += [_row(name, errors) for names in families.values() for name in names]
    for family, names in families.items():
        parts.append(f"\n## {family}\n")
        parts += [_section(name, errors) for name in names]
    return "".join([*parts, ABSENT])


def read_errors() -> dict[str, list[tuple[str, str]]]:
    """Return the oracles of each program with their errors."""
    errors = collections.defaultdict(list)
    with ERRORS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            errors[row["program"]].append((row["oracle"], row["error"]))
    return errors


def _row(name: str, errors: dict[str, list[tuple[str, str]]]) -> str:
    oracle, error = errors.get(name, [("none", "")])[0]
    title = _title(name)
    return f"| [`{name}`](#{name}) | {title} | {_memory(name)} | {oracle} | {error} |\n"


def _title(name: str) -> str:
    """Return the name of an optimizer in prose."""
    summary = library.doc(name).summary
    return summary.partition(":")[0] if ":" in summary else summary.rstrip(".")


def _memory(name: str) -> str:
    kinds = collections.Counter(narrow_states(dsl.simplify(library.load(name))))
    extra = {"an array": kinds[Kind.PER_ARRAY], "for all": kinds[Kind.SCALAR]}
    parts = [str(kinds[Kind.TREE])]
    return "; ".join(parts + [f"{number} {per}" for per, number in extra.items() if number])


def _section(name: str, errors: dict[str, list[tuple[str, str]]]) -> str:
    doc = library.doc(name)
    # GitHub does not know \operatorname.
    text = to_latex(library.load(name), name, doc).replace(r"\operatorname{", r"\mathrm{")
    begin, end = r"\begin{align*}", r"\end{align*}"
    equations, comments = text[text.index(begin) :].split(end)
    oracles = [f"{oracle}, error {error}" for oracle, error in errors.get(name, [])]
    lines = [f"\n### {name}\n", doc.summary, ""]
    lines += [f"{' '.join(paragraph.split())}\n" for paragraph in doc.source.split("\n\n")]
    lines += ["```math", equations + end, "```\n", *_notes(comments)]
    lines += [f"- Memory: {_memory(name)}."]
    lines += [f"- Oracle: {'; '.join(oracles)}."] if oracles else []
    return "\n".join(lines) + "\n"


def _notes(comments: str) -> list[str]:
    """Return the comments on constants and functions after the equations."""
    note = re.compile(r"% (.+?)(: | (?=is |puts |counts |protects ))(.*)")
    matches = map(note.fullmatch, comments.splitlines())
    return [f"- $`{each[1]}`${each[2]}{each[3]}." for each in matches if each]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
