"""What each checker caught, missed and made up, set against the markers."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from typecheck.checkers import RUNNERS, Flag
from typecheck.markers import CHECKERS, Expected, cases, expectations

# All checkers on the current lane; on the older ones mypy alone.
RUNS = [(checker, "current") for checker in CHECKERS] + [
    (checker, lane) for lane in ("databases", "legacy") for checker in ("plugin", "mypy")
]


@dataclass
class Verdict:
    """One checker on the cases of one lane."""

    checker: str
    lane: str
    seconds: float = 0.0
    caught: list[tuple[Expected, list[Flag]]] = field(default_factory=list)
    missed: list[Expected] = field(default_factory=list)
    made_up: list[Flag] = field(default_factory=list)
    crash: str = ""

    @property
    def name(self) -> str:
        return self.checker if self.lane == "current" else f"{self.checker} ({self.lane})"

    @property
    def false_alarms(self) -> int:
        """How many right lines were flagged."""
        return len(self.made_up) + sum(expected.right for expected, _ in self.caught)

    def surprises(self) -> Iterator[str]:
        """Everything that the markers do not say."""
        if self.crash:
            yield f"{self.name} failed\n{self.crash}"
            return
        for flag in self.made_up:
            yield f"{self.name} flags a line that is right\n    {flag}"
        for expected in self.missed:
            if self.checker in expected.by:
                yield f"{self.name} does not flag {expected}"
        for expected, flags in self.caught:
            said = "\n    ".join(map(str, flags))
            if self.checker not in expected.by:
                yield f"{self.name} flags {expected}, its marker says it would not\n    {said}"
            elif self.checker == "plugin" and expected.words not in said:
                yield f"{self.name} does not say {expected.words!r} of {expected}\n    {said}"

    def __str__(self) -> str:
        caught = sum(not expected.right for expected, _ in self.caught)
        missed = sum(not expected.right for expected in self.missed)
        return (
            f"{self.name:20} {caught:4} of {caught + missed} mistakes caught, "
            f"{self.false_alarms} false alarms, {self.seconds:.1f} s"
        )


def verdicts(runs: Iterable[tuple[str, str]] = RUNS, jobs: int = 2) -> list[Verdict]:
    """Run the checkers, several at a time."""
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(jobs) as pool:
        folder = Path(scratch).resolve()
        return list(pool.map(lambda run: _check(run[0], run[1], folder), runs))


def _check(checker: str, lane: str, scratch: Path) -> Verdict:
    verdict = Verdict(checker, lane)
    start = time.perf_counter()
    try:
        flags = RUNNERS[checker](lane, scratch)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        verdict.crash = str(error)
        return verdict
    verdict.seconds = time.perf_counter() - start
    by_place: dict[tuple[Path, int], list[Flag]] = defaultdict(list)
    for flag in flags:
        by_place[flag.path, flag.line].append(flag)
    for expected in (each for path in cases(lane) for each in expectations(path)):
        found = [
            flag
            for line in sorted(expected.lines)
            for flag in by_place.pop((expected.path, line), ())
        ]
        if found:
            verdict.caught.append((expected, found))
        else:
            verdict.missed.append(expected)
    verdict.made_up = [flag for flags in by_place.values() for flag in flags]
    return verdict
