"""The claims of the paper."""

from lionhunt.search.paper.claims.registry import CLAIMS


def test_keys_name_claims():
    assert len(CLAIMS) == 14
    for key, claim in CLAIMS.items():
        assert claim.key == key and claim.sentence.endswith(".") and claim.method.endswith(".")
        assert all(quote.values for quote in claim.paper)
