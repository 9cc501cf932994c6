"""The tables for the documentation: what each checker catches, and what it flags wrongly."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from typecheck.checkers import ROOT
from typecheck.markers import CHECKERS, HERE, Expected
from typecheck.verdicts import Verdict

PAGE = ROOT / "docs" / "checkers.md"

_TITLES = {"plugin": "mypy with the plugin"}
_BLOCK = re.compile(r"(<!-- written by typecheck/run\.py -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Limit:
    """Why a checker cannot catch a mistake, or flags what is right."""

    mistake: str
    checkers: frozenset[str]
    why: str
    link: str


def limits() -> list[Limit]:
    """The limits of the checkers, in the order of the file."""
    entries = tomllib.loads((HERE / "limits.toml").read_text())["limit"]
    return [Limit(e["mistake"], frozenset(e["checkers"]), e["why"], e["link"]) for e in entries]


def tables(verdicts: Sequence[Verdict]) -> str:
    """Both tables in Markdown, with the reasons below them."""
    notes = _Notes()
    mistakes = _table("Mistake", verdicts, notes, right=False)
    alarms = _table("False positives", verdicts, notes, right=True)
    return f"{mistakes}\n\n{alarms}\n\n{notes}"


def page_with(text: str) -> str:
    """The documentation page with the tables in their place."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", PAGE.read_text())


class _Notes:
    """The footnotes, numbered as they are first needed."""

    def __init__(self) -> None:
        self._limits = limits()
        self._used: list[Limit] = []

    def mark(self, mistake: str, checker: str) -> str:
        marks = ""
        for limit in self._limits:
            if limit.mistake == mistake and checker in limit.checkers:
                if limit not in self._used:
                    self._used.append(limit)
                marks += f"[^{self._used.index(limit) + 1}]"
        return marks

    def __str__(self) -> str:
        return "\n".join(
            f"[^{number}]: {limit.why} ([{_place(limit.link)}]({limit.link}))."
            for number, limit in enumerate(self._used, start=1)
        )


def _table(title: str, verdicts: Sequence[Verdict], notes: _Notes, *, right: bool) -> str:
    # A line counts as flagged if it is flagged on every lane it is checked on.
    checked: dict[tuple[str, str], set[Expected]] = {}
    passed: dict[tuple[str, str], set[Expected]] = {}
    for verdict in verdicts:
        caught = [expected for expected, _ in verdict.caught]
        _sort_in(checked, verdict.checker, [*caught, *verdict.missed])
        _sort_in(passed, verdict.checker, verdict.missed)
    names = sorted(
        {each.mistake for lines in checked.values() for each in lines if each.right is right}
    )
    rows = [[title, *(_TITLES.get(each, each) for each in CHECKERS)], ["---"] * (len(CHECKERS) + 1)]
    for name in names:
        cells = []
        for checker in CHECKERS:
            lines = {each for each in checked.get((name, checker), ()) if each.right is right}
            flagged = len(lines - passed.get((name, checker), set()))
            text = _cell(flagged, len(lines), right=right)
            needs_note = flagged > 0 if right else flagged < len(lines)
            cells.append(text + (notes.mark(name, checker) if needs_note else ""))
        rows.append([name.replace("-", " "), *cells])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _sort_in(
    into: dict[tuple[str, str], set[Expected]], checker: str, lines: Iterable[Expected]
) -> None:
    for expected in lines:
        into.setdefault((expected.mistake, checker), set()).add(expected)


def _cell(flagged: int, lines: int, *, right: bool) -> str:
    if not lines:
        return "not run"
    if right:
        return "flagged" if flagged else "accepted"
    if flagged == lines:
        return "caught"
    return f"{flagged} of {lines}" if flagged else "missed"


def _place(link: str) -> str:
    return re.sub(r"^https://(?:www\.)?(?:github\.com/)?", "", link).rstrip("/")
