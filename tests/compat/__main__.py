"""``python -m tests.compat``: run CPython's tests of pickle and marshal against perdure's and print the counts.

    python -m tests.compat                        the running interpreter's suite
    python -m tests.compat --tests DIR            another version's `test` folder
    python -m tests.compat -k notes -v            only matching tests, each named
"""

import argparse
import platform
import sys
import unittest
from pathlib import Path

from tests.subject import NAME, subject


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.compat")
    parser.add_argument("--tests", type=Path, help="folder of another version's test package")
    parser.add_argument("-k", metavar="WORD", default="", help="only tests whose label contains WORD")
    parser.add_argument("-v", action="store_true", help="name every test")
    parser.add_argument("--brief", action="store_true", help="one line a failure, no tracebacks")
    options = parser.parse_args()
    try:
        import test.pickletester  # noqa: F401
    except ImportError:
        print(f"compat: Python {platform.python_version()} comes without its test package: skipped")
        return 0

    from tests.compat import suite

    cases = [case for case in suite.tests(subject, options.tests) if options.k in suite.label(case)]
    result = unittest.TextTestRunner(
        stream=sys.stderr, verbosity=2 if options.v else 1 if not options.brief else 0,
        resultclass=Brief if options.brief else None).run(unittest.TestSuite(cases))
    bad = {suite.label(getattr(case, "test_case", case)) for case, _ in result.failures + result.errors}
    skipped = len(result.skipped)
    print(f"compat: {NAME} on {platform.python_implementation()} {platform.python_version()}: "
          f"{result.testsRun - len(bad) - skipped} passed, {len(bad)} failed, {skipped} skipped")
    return bool(bad or not result.testsRun)


class Brief(unittest.TextTestResult):
    """Says what failed in one line each: the label and the exception's last line."""

    def printErrorList(self, flavour, errors):
        from tests.compat.suite import label

        for case, trace in errors:
            parameters = case._subDescription() if hasattr(case, "_subDescription") else ""
            case = getattr(case, "test_case", case)
            self.stream.writeln(f"{flavour} {label(case)} {parameters}: {trace.strip().splitlines()[-1][:300]}")


if __name__ == "__main__":
    sys.exit(main())
