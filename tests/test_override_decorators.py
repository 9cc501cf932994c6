"""`muted()`, `only()` and `connected_to()` as decorators of functions, async or not."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from typed_signals import Signal
from typed_signals.testing import connected_to, muted, only

signal: Signal = Signal()
called: list[str] = []


async def one(sender: type, **kwargs: object) -> None:
    called.append("one")


async def other(sender: type, **kwargs: object) -> None:
    called.append("other")


@pytest.fixture(autouse=True)
def _connected() -> Any:
    called.clear()
    signal.connect(one)
    signal.connect(other)
    yield
    signal.disconnect_all()


async def send() -> str:
    """Send the signal."""
    await asyncio.sleep(0)
    await signal.send(sender=int)
    return "sent"


OVERRIDES = {
    "muted": (lambda: muted(signal), []),
    "only": (lambda: only(other), ["other"]),
    "connected_to": (lambda: connected_to(signal, third), ["one", "other", "third"]),
}


async def third(sender: type, **kwargs: object) -> None:
    called.append("third")


@pytest.mark.parametrize(("override", "expected"), OVERRIDES.values(), ids=OVERRIDES.keys())
async def test_decorated_async_function_runs_inside_the_block(override: Any, expected: list[str]):
    decorated = override()(send)
    assert inspect.iscoroutinefunction(decorated)
    assert (decorated.__name__, decorated.__doc__) == ("send", "Send the signal.")
    for _ in range(2):
        called.clear()
        assert await decorated() == "sent"
        assert called == expected
    called.clear()
    await asyncio.gather(decorated(), decorated(), send())
    assert sorted(called) == sorted([*expected, *expected, "one", "other"])


def test_decorated_sync_function_runs_inside_the_block():
    @muted(signal)
    def run(code: int) -> int:
        asyncio.run(send())
        return code

    assert run(3) == 3
    assert called == []


async def test_block_ends_when_the_function_fails():
    @muted(signal)
    async def fail() -> None:
        await send()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()
    await send()
    assert called == ["one", "other"]


async def test_generators_are_refused():
    async def fixture() -> Any:
        yield 1

    def plain() -> Any:
        yield 1

    for each in (fixture, plain):
        with pytest.raises(TypeError, match=r"is a generator: write `with` inside it"):
            muted(signal)(each)


# --- warnings ------------------------------------------------------------------------------------

WARN = """
import warnings
from typed_signals import SignalDefinitionWarning

def test_warning():
    warnings.warn("swallowed", SignalDefinitionWarning)

if __name__ == "__main__":
    test_warning()
"""
NAME = "error::typed_signals.SignalDefinitionWarning"


@pytest.mark.parametrize(
    "command",
    [["-m", "pytest", "-p", "no:cacheprovider", "-W", NAME], ["-W", "error::UserWarning"]],
    ids=["pytest -W", "python -W"],
)
def test_documented_ways_turn_the_warning_into_an_error(tmp_path: Path, command: list[str]):
    (tmp_path / "test_warning.py").write_text(WARN)
    command = [sys.executable, *command, "test_warning.py"]
    run = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 1
    assert "SignalDefinitionWarning: swallowed" in run.stdout + run.stderr
