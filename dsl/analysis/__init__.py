"""Abstract execution: which parts of a program matter, and which programs compute the same.

May import the modules of `dsl` and `dsl.text`.
"""

from lionhunt.dsl.analysis.canonical import Canonical, canonicalize
from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram, analyze, fingerprint
from lionhunt.dsl.analysis.functional_equivalence import functional_fingerprint
from lionhunt.dsl.analysis.identities import reachable
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.analysis.properties import Properties, find_properties

__all__ = [
    "AnalyzedProgram",
    "Canonical",
    "Properties",
    "analyze",
    "canonicalize",
    "find_properties",
    "fingerprint",
    "functional_fingerprint",
    "reachable",
    "simplify",
]
