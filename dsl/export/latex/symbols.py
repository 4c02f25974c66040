"""LaTeX symbols of inputs, values, constants and numbers."""

import math
import re
from collections.abc import Sequence

from lionhunt.dsl.export.constant_names import Constant
from lionhunt.dsl.export.dataflow import Graph, Value
from lionhunt.dsl.float32 import number_text

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta theta kappa lambda mu nu xi rho sigma tau phi chi psi "
    "omega".split()
)
_CONSTANTS = {
    "weight_decay": r"\lambda",
    "wd": r"\lambda",
    "eps": r"\epsilon",
    "peak_learning_rate": r"\eta_{\max}",
}
_ACCENTS = (r"\hat", r"\tilde", r"\bar", r"\check", r"\breve", r"\dot")


def constant_symbols(constants: Sequence[Constant]) -> dict[Constant, str]:
    """Return a symbol for each constant; if it is taken, the name in upright letters."""
    symbols: dict[Constant, str] = {}
    for constant in constants:
        symbol = _constant_symbol(constant)
        symbols[constant] = _upright(constant.name) if symbol in symbols.values() else symbol
    return symbols


def _constant_symbol(constant: Constant) -> str:
    """Return the usual Greek letter, or the name in upright letters."""
    if constant.name in _CONSTANTS:
        return _CONSTANTS[constant.name]
    letter, _, word = constant.name.partition("_")
    if letter in _GREEK and word.isalpha():
        return rf"\{letter}_{{{_upright(word)}}}"
    letters, digits = _split(constant.name)
    letters = {"constant": "c"}.get(letters, letters)
    return _with_index(_letter(letters) or _upright(letters), digits)


def number_symbol(value: float) -> str:
    """Write a number, with a power of ten for an exponent."""
    if not math.isfinite(value):
        return r"\mathrm{NaN}" if math.isnan(value) else rf"{'-' * (value < 0)}\infty"
    mantissa, _, exponent = number_text(value).removesuffix(".0").partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"


def value_symbols(graph: Graph, shown: dict[Value, tuple[Value, ...]]) -> dict[Value, str]:
    """Return a symbol for each input and each value with an equation of its own.

    A new state has the letter of the state. The update is u. A value whose letter is taken gets an
    accent.
    """
    bases = {graph.weights.name: (r"\theta", ""), graph.gradient.name: ("g", "")}
    bases[graph.schedule.name] = (r"\eta", "")
    used = {*bases.values(), ("u", ""), ("t", "")}

    def free(name: str) -> tuple[str, str]:
        """Return an unused letter with an index."""
        base, index = bases.get(name) or _base(name, used)
        stems = [base, *(f"{accent}{{{base}}}" for accent in _ACCENTS)]
        stems += [f"{base}^{{({number})}}" for number in range(2, 2 + len(shown))]
        symbol = next((stem, index) for stem in stems if (stem, index) not in used)
        used.add(symbol)
        return symbol

    symbols = {graph.weights: r"\theta_{t-1}", graph.gradient: "g_t", graph.schedule: r"\eta_t"}
    for state, output in zip(graph.states, graph.next_states, strict=True):
        bases[state.name] = free(state.name)
        symbols[state] = _with_index(bases[state.name][0], bases[state.name][1], "t-1")
        if isinstance(output, Value) and output in shown:
            symbols.setdefault(output, new_state_symbol(symbols[state]))
    if isinstance(graph.update, Value) and graph.update in shown:
        symbols.setdefault(graph.update, "u_t")
    for value in shown:
        if value not in symbols:
            symbols[value] = _with_index(*free(value.name), "t")
    return symbols


def new_state_symbol(old: str) -> str:
    """Return the symbol of a state after the step, from that before it."""
    head, _, _ = old.rpartition("t-1")
    return f"{head.removesuffix('{')}t" if head.endswith("_{") else f"{head}t}}"


def _base(name: str, used: set[tuple[str, str]]) -> tuple[str, str]:
    letters, digits = _split(name)
    letter = _letter(letters)
    if letter:
        return letter, digits
    # m_correction, the correction of m, becomes c with the index m.
    match = re.fullmatch(r"([A-Za-z])_(?:\w+_)?([A-Za-z])[A-Za-z]*", letters)
    if match and (match[2], match[1]) not in used:
        return match[2], match[1]
    first = next((c for c in letters if c.isalpha()), "x")
    return (first, digits) if (first, digits) not in used else (_upright(letters), digits)


def _split(name: str) -> tuple[str, str]:
    """Split a name into its letters and its trailing digits."""
    match = re.fullmatch(r"(.*?)_?(\d*)", name)
    assert match is not None
    return (match[1], match[2]) if match[1] else (name, "")


def _letter(letters: str) -> str | None:
    """Return the symbol of a single letter or of the name of a Greek letter."""
    if letters in _GREEK:
        return rf"\{letters}"
    return letters if len(letters) == 1 and letters.isalpha() else None


def _upright(word: str) -> str:
    return rf"\mathrm{{{word.replace('_', chr(92) + '_')}}}"


def _with_index(base: str, *indices: str) -> str:
    index = ",".join(filter(None, indices))
    if not index:
        return base
    return f"{base}_{index}" if len(index) == 1 else f"{base}_{{{index}}}"
