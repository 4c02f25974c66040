"""HTML for notebooks: everything is there, and nothing from outside is markup."""

import re
from html.parser import HTMLParser

import pytest

import lionhunt
from lionhunt.dsl.text.docstring import ProgramDoc
from lionhunt.search.storage.program_ref import Source
from tests.support.contrast import BLACK, WHITE, contrast
from tests.support.search.runs import finished

EVIL = '<script>alert("x")</script> & </pre>'


class Texts(HTMLParser):
    """Collects tags and text, and checks that tags are closed in order."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.texts, self._open = set(), [], []
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run <b> & 'quoted'")
    finished(folder, num_programs=60)
    return lionhunt.load(folder)


def test_program_shows_code_marks_and_equations():
    html = Texts(lionhunt.program("raw_lion")._repr_html_())
    text = "".join(html.texts)
    assert "update = m * lr" in text and "12 of 21 statements are needed" in text
    assert r"$$\begin{aligned}" in text and "align*" not in text
    assert r"$\beta_1 = 0.9$: " in "".join(Texts(lionhunt.program("lion")._repr_html_()).texts)


def test_texts_from_outside_are_escaped():
    program = lionhunt.program("lion")
    evil = lionhunt.OptimizerProgram(Source(EVIL, program.program, notes=ProgramDoc(summary=EVIL)))
    html = Texts(evil._repr_html_())
    assert "script" not in html.tags and html.texts.count(EVIL) == 2


def test_run_and_hall_of_fame_are_well_formed(run):
    html = Texts(run._repr_html_())
    best = run.best
    assert best is not None and best.scores.keys() == {"digits_mlp"}
    assert f"{best.scores['digits_mlp']:.4f}" in Texts(best._repr_html_()).texts
    assert "b" in html.tags and str(run.folder) in "".join(html.texts)
    table = Texts(run.hall_of_fame()._repr_html_())
    assert f"{best.fitness:.4f}" in table.texts


def test_notebooks_with_a_light_or_a_dark_theme_show_all_text(run):
    html = lionhunt.program("raw_lion")._repr_html_() + run._repr_html_()
    assert not re.search(r"color|background", html)
    shares = {float(share) for share in re.findall(r"opacity:([\d.]+)", html)}
    assert shares
    for share in shares:
        for text, page in ((BLACK, WHITE), (WHITE, BLACK)):
            mixed = [share * t + (1 - share) * p for t, p in zip(text, page, strict=True)]
            assert contrast(mixed, page) >= 4.5
