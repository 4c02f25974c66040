"""The index of programs answers as a look at all programs would."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt.search.server.following import program_index
from lionhunt.search.server.following.program_index import ProgramIndex, ProgramQuery

WORDS = ("interp", "norm", "m_hat", "0.9", "G", "sign")
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 9),
        st.sampled_from(("insert", "modify")),
        st.none() | st.floats(-5, 5),
        st.sampled_from(("ok", "hurdle")),
        st.sampled_from(("ab1", "ab2", "b")),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
    ),
    max_size=30,
)
QUERIES = st.builds(
    ProgramQuery,
    st.lists(st.sampled_from(("interp", "nor", "m_h", "0.9", "g", "0")), max_size=2).map(tuple),
    st.sampled_from(("", "ab", "b")),
    st.sampled_from(("", "insert")),
    st.sampled_from(("", "ok")),
    st.none() | st.floats(-5, 5),
    st.none() | st.integers(0, 9),
)


def to_rows(drawn):
    return [
        (i, parent, mutation, fitness, fitness, reason, 5, 3, name, text)
        for i, (parent, mutation, fitness, reason, name, text) in enumerate(drawn)
    ]


def fulfils(row, query):
    index, parent, mutation, fitness, _, reason, _, _, name, text = row
    words = text.lower().split()
    return (
        name.startswith(query.fingerprint)
        and query.mutation in ("", mutation)
        and query.reason in ("", reason)
        and (query.parent is None or query.parent == parent)
        and (query.min_fitness is None or fitness is not None and fitness >= query.min_fitness)
        and all(any(word.startswith(part) for word in words) for part in query.texts)
    )


def place_of(row):
    return (-row[4] if row[4] is not None else math.inf, row[0])


@given(ROWS, QUERIES, st.integers(0, 30))
def test_index_finds_what_a_look_at_all_finds(tmp_path_factory, drawn, query, cut):
    index = ProgramIndex(Path(tmp_path_factory.mktemp("index")) / "index.sqlite")
    rows = to_rows(drawn)
    index.add(rows[:cut])
    index.add(rows[cut:])
    wanted = [row[0] for row in sorted(rows, key=place_of) if fulfils(row, query)]
    found = list(index.find(query))
    assert [entry.index for entry in found] == wanted
    for number, entry in enumerate(found):
        rest = [later.index for later in index.find(query, (entry.place, entry.index))]
        assert rest == wanted[number + 1 :]
    for parent in range(10):
        assert index.num_children(parent) == sum(row[1] == parent for row in rows)


@pytest.mark.parametrize("text", ['"', "a OR b", "*", "interp(", "NEAR(a b)", "\0", "'; DROP"])
def test_any_text_can_be_looked_for(tmp_path, text):
    index = ProgramIndex(tmp_path / "index.sqlite")
    index.add([(0, None, "initial", 0.0, 0.0, "ok", 1, 1, "a", "interp(g, m, 0.9)")])
    list(index.find(ProgramQuery((text,))))


def test_common_words_do_not_narrow(tmp_path, monkeypatch):
    monkeypatch.setattr(program_index, "RARE", 2)
    index = ProgramIndex(tmp_path / "index.sqlite")
    texts = ["norm", "norm", "sign"]
    index.add([(i, None, "a", 0.0, 0.0, "ok", 1, 1, "a", t) for i, t in enumerate(texts)])
    assert len(list(index.find(ProgramQuery(("norm",))))) == 3
    assert len(list(index.find(ProgramQuery(("sign",))))) == 1
