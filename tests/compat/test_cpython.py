"""Each test of CPython's suite as one of pytest's; skips where Python comes without its test package."""

import unittest

import pytest

pytest.importorskip("test.pickletester", reason="this Python comes without its test package")

from tests.compat import suite
from tests.subject import subject


@pytest.mark.parametrize("case", suite.tests(subject), ids=suite.label)
def test_cpython(case):
    result = unittest.TestResult()
    case.run(result)
    if result.skipped:
        pytest.skip(result.skipped[0][1])
    problems = [text for _, text in result.errors + result.failures]
    assert not problems, "\n".join(problems)
    assert result.testsRun == 1
