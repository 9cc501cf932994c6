"""Run ormar's own tests without and with `install()`, and compare test by test.

    python scripts/ormar_suite.py CHECKOUT [--database URL] [--before COMMAND] [--python PYTHON]
        [-- PYTEST_ARGUMENTS]

CHECKOUT is a directory with ormar's `tests`, of the version that is installed beside
typed-signals. It can be run with any Python that has both and what ormar's tests need. The command
is run before each of the two, to make the database again: a test that fails may leave its tables.
"""

from __future__ import annotations

import argparse
import collections
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

INSTALL = "TYPED_SIGNALS_ORMAR_SUITE"
"""The environment variable by which this file, as a pytest plugin, knows what to do."""


def pytest_configure() -> None:
    """Install typed signals on every model, before any test module is imported."""
    if os.environ.get(INSTALL) == "1":
        import typed_signals.ormar

        typed_signals.ormar.install()


def run(checkout: Path, python: str, database: str, *, install: bool, more: list[str]) -> Outcomes:
    """Run the tests once.

    Args:
        checkout: The directory with ormar's tests.
        python: The Python to run them with.
        database: The URL that ormar's tests use; empty for their own choice.
        install: Whether typed signals are installed.
        more: More arguments for pytest.

    Returns:
        The outcome of each test: passed, failed, error or skipped.
    """
    here = str(Path(__file__).resolve().parent)
    path = os.pathsep.join(filter(None, [str(checkout), here, os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": path, INSTALL: str(int(install))}
    if database:
        environment["DATABASE_URL"] = database
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [python, "-m", "pytest", "tests", "-q", "-p", Path(__file__).stem]
        command += [
            "-p",
            "no:cacheprovider",
            "--tb=no",
            "--continue-on-collection-errors",
            f"--junitxml={report}",
            *more,
        ]
        subprocess.run(command, cwd=checkout, env=environment, check=False)
        cases = ElementTree.parse(report).getroot().iter("testcase")
        return {
            f"{case.get('classname')}::{case.get('name')}": next(
                (each.tag for each in case if each.tag in {"failure", "error", "skipped"}), "passed"
            )
            for case in cases
        }


Outcomes = dict[str, str]


def main() -> int:
    """Run both and print what differs.

    Returns:
        0 if every test has the same outcome, 1 if not.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--database", default="", metavar="URL")
    parser.add_argument("--before", default="", metavar="COMMAND")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("more", nargs="*", metavar="PYTEST_ARGUMENTS")
    given = parser.parse_args()
    results: list[Outcomes] = []
    for install in (False, True):
        subprocess.run(shlex.split(given.before) or ["true"], check=True)
        results.append(
            run(given.checkout, given.python, given.database, install=install, more=given.more)
        )
    without, with_install = results
    print("without install():", dict(collections.Counter(without.values())))
    print("with install():   ", dict(collections.Counter(with_install.values())))
    differing = [
        name
        for name in sorted({*without, *with_install})
        if without.get(name) != with_install.get(name)
    ]
    for name in differing:
        print(f"{name}: {without.get(name)} without, {with_install.get(name)} with")
    print(f"{len(differing)} tests differ")
    return int(bool(differing))


if __name__ == "__main__":
    raise SystemExit(main())
