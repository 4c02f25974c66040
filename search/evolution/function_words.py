"""Words of a config for functions: names, aliases, infix signs and groups."""

from collections.abc import Iterable

from lionhunt.dsl.op_table import GROUPS, OPS, SYMBOLS, WORDS
from lionhunt.search.errors import did_you_mean


def find_names(words: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the functions that words stand for; an unknown word stays as it is."""
    known = _names_by_word()
    return tuple(dict.fromkeys(name for word in words for name in known.get(word, (word,))))


def known_names(words: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the functions that words stand for; raise `ValueError` for others."""
    names = find_names(words)
    for name in names:
        if name not in OPS:
            known = _names_by_word()
            raise ValueError(
                f"mutation.functions: unknown function '{name}'{did_you_mean(name, known)}; "
                f"there are {', '.join(known)}"
            )
    return names


def _names_by_word() -> dict[str, tuple[str, ...]]:
    return {word: (op.name,) for word, op in (dict(WORDS) | SYMBOLS).items()} | dict(GROUPS)
