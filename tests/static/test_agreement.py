"""What mypy accepts with the plugin, connect() accepts; and what connect() accepts, can be called.

Some thousand receivers are written at random into one module (receivers_at_random.py says how).
mypy checks the module once, every receiver is connected, and every connected one is really sent
what its signal sends. Faults must be the same on both sides, word for word.
"""

import importlib.util
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.static.receivers_at_random import HEAD, Case, Writer
from typed_signals import Signal, SignalDefinitionError

SEED = 20261124
COUNT = 4500

CONFIG = """\
[mypy]
plugins = typed_signals.mypy
# How a receiver is written inside is not the matter here.
disable_error_code = empty-body, return, return-value
"""

# Where typing and run time differ, and why; the only list of it.
#
# Faults that mypy alone finds, by words in them:
ONLY_MYPY = {
    "is annotated": "annotations are not compared with what is sent when the program runs",
    "its type is": "annotations are not compared with what is sent when the program runs",
    "it accepts `": "a parameter with a default works, so only a checker says that it is misspelt",
}
# Receivers that mypy may accept and connect() refuses, by what stands in their code:
ONLY_CONNECT = {
    "@hidden": "a decorator typed `Callable[..., X]` hides the parameters from mypy; connect() "
    "looks through `functools.wraps`",
}


@dataclass
class Verdict:
    """What was said of one receiver."""

    mypy: set[str] = field(default_factory=set)
    other: set[str] = field(default_factory=set)
    connect: set[str] = field(default_factory=set)
    call: str = ""

    @property
    def refused(self) -> bool:
        return bool(self.mypy or self.other)


def write(cases: list[Case], path: Path) -> dict[int, int]:
    """Write the module; returns the case of each line."""
    lines = HEAD.splitlines()
    case_of: dict[int, int] = {}
    for number, case in enumerate(cases):
        for line in case.lines(number):
            lines.append(line)
            case_of[len(lines)] = number
    path.write_text("\n".join(lines) + "\n")
    return case_of


def ask_mypy(path: Path, case_of: Mapping[int, int]) -> dict[int, Verdict]:
    config = path.with_name("mypy.ini")
    config.write_text(CONFIG)
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), "--no-error-summary"]
    done = subprocess.run(
        [*command, path.name], cwd=path.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr
    verdicts: dict[int, Verdict] = defaultdict(Verdict)
    for line in done.stdout.splitlines():
        found = re.fullmatch(r"\w+\.py:(\d+): error: (.*)  \[([\w-]+)\]", line)
        if found is None:
            assert ": note: " in line, line
            continue
        place, text, code = found.groups()
        verdict = verdicts[case_of[int(place)]]
        if code == "signal-receiver":
            verdict.mypy.add(
                re.sub(
                    r"^.*? cannot be connected to (a signal( of [\w, ]+)?|signal `\w+`): ", "", text
                )
            )
        else:
            verdict.other.add(f"{text} [{code}]")
    return verdicts


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def really_do(
    case: Callable[[], object],
    signal: Signal[Any],
    payloads: list[dict[str, Any]],
    sender: type,
    verdict: Verdict,
) -> None:
    signal.disconnect_all()
    try:
        case()
    except SignalDefinitionError as error:
        verdict.connect = {str(fault) for fault in error.faults}
        return
    except Exception as error:  # the case could not even be written down: a wrong partial, say
        verdict.connect = {f"{type(error).__name__}: {error}"}
        return
    for payload in payloads:
        try:
            await signal.send(sender, **payload)
        except Exception as error:
            verdict.call = f"{type(error).__name__}: {error}"


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    writer = Writer(SEED)
    return [writer.case() for _ in range(COUNT)]


async def test_mypy_connect_and_the_call_agree(cases: list[Case], tmp_path: Path) -> None:
    path = tmp_path / "cases.py"
    verdicts = ask_mypy(path, write(cases, path))
    module = load(path)
    for number, case in enumerate(cases):
        payloads = [
            {name: eval(value, vars(module)) for name, value in payload.items()}
            for payload in case.kind.payloads
        ]
        connect: Any = getattr(module, f"case_{number}")
        if case.kind.is_function:
            signal = getattr(module, case.signal)
        else:
            signal = connect.__annotations__[case.signal]()
            connect = partial(connect, signal)
        await really_do(connect, signal, payloads, module.Album, verdicts[number])
    wrong: list[str] = []
    accepted = 0
    for number, case in enumerate(cases):
        verdict = verdicts[number]
        accepted += not verdict.refused
        if problem := disagreement("\n".join(case.definition), verdict):
            wrong.append("\n".join([*case.lines(number), f"    # {problem}", f"    {verdict}"]))
    assert not wrong, f"{len(wrong)} of {len(cases)}\n\n" + "\n\n".join(wrong[:20])
    assert COUNT * 0.2 < accepted < COUNT * 0.8, f"{accepted} accepted: the cases say little"


def disagreement(code: str, verdict: Verdict) -> str:
    if verdict.call and not verdict.connect:
        return "connect() accepted it, and it cannot be called"
    if verdict.connect and not verdict.refused:
        return "" if any(each in code for each in ONLY_CONNECT) else "mypy alone accepts it"
    shape = {
        text
        for text in verdict.mypy
        if text in verdict.connect or not any(each in text for each in ONLY_MYPY)
    }
    if shape and not verdict.connect:
        return "mypy alone refuses it"
    if verdict.other or shape == verdict.connect:
        return ""
    return "the words differ"
