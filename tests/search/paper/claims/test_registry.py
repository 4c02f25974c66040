"""The claims of the paper."""

import json

from lionhunt.search.paper.claims.registry import CLAIMS
from lionhunt.search.paper.claims.report import _quotes
from tests.support.pages import ROOT, read_page


def test_keys_name_claims():
    assert len(CLAIMS) == 14
    for key, claim in CLAIMS.items():
        assert claim.key == key and claim.sentence.endswith(".") and claim.method.endswith(".")
        assert all(quote.values for quote in claim.paper)


def test_reference_report_quotes_the_paper_as_the_code_does():
    report = json.loads((ROOT / "results/claims/report.json").read_text())
    text = read_page("results/claims/report.md")
    quoted = {claim["key"]: claim["paper"] for claim in report["claims"]}
    for key, claim in CLAIMS.items():
        assert [(q["what"], tuple(q["values"]), q["unit"]) for q in quoted[key]] == [
            (quote.what, tuple(quote.values), quote.unit) for quote in claim.paper
        ]
        if claim.paper:
            assert f"In the paper: {_quotes(claim.paper)}." in text


def test_accuracy_beside_a_training_loss_is_that_of_its_own_table():
    """Check that of ViT-B/16 without augmentation; with it, the accuracies are other ones."""
    loss, accuracy = CLAIMS["training_loss"].paper
    assert (loss.values, accuracy.values) == ((0.75, 0.61), (77.44, 75.48))
