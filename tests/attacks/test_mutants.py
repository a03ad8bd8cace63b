"""Thousands of damaged pickles, the same ones each time: a value that can be used, or a refusal, and nothing else.

`make fuzz ARGS=--profile` makes millions of others.
"""

from tests.attacks.run import run_mutants
from tests.attacks.streams.attack import REFUSED, VALUE

COUNT = 4000


def test_mutants() -> None:
    reports = run_mutants(0, COUNT)
    assert len(reports) == COUNT
    found = {
        number: report
        for number, report in reports.items()
        if report["wrong"] or report["outcome"] not in REFUSED | VALUE
    }
    assert not found, f"{len(found)} of {COUNT}; tests.attacks.mutants.mutant(number) makes one again"
    outcomes = {report["outcome"] for report in reports.values()}
    assert outcomes >= {"value", "CorruptError", "UntrustedError"}, "most mutants should get somewhere"
