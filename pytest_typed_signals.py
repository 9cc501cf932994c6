"""The pytest plugin: loaded in every run, so it imports nothing of the package until it is used."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typed_signals.testing import OnCommitCalls, SentSignals

__all__ = ["capture_on_commit", "isolated_signals", "sent_signals"]

ISOLATION = "typed_signals_isolation"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the plugin's one option."""
    parser.addini(
        ISOLATION,
        "disconnect, after each test, the receivers that it connected (see `isolated_signals`)",
        type="bool",
        default=False,
    )


def pytest_configure(config: pytest.Config) -> None:
    """Isolate every test if the project asks for it."""
    if config.getini(ISOLATION):
        config.pluginmanager.register(_Isolation(), "typed_signals_isolation")


class _Isolation:
    @pytest.fixture(autouse=True)
    def _isolated_signals(self, isolated_signals: None) -> None:
        pass


@pytest.fixture
def isolated_signals() -> Generator[None]:
    """Restore every connection after the test; see `typed_signals.testing`."""
    from typed_signals.testing import isolated

    with isolated():
        yield


@pytest.fixture
def sent_signals() -> Generator[SentSignals]:
    """What the test sends, in order: `sent_signals.assert_sent("post_save", Album, times=1)`."""
    from typed_signals.testing import capture_signals

    with capture_signals() as sent:
        yield sent


@pytest.fixture
def capture_on_commit() -> Callable[..., AbstractAsyncContextManager[OnCommitCalls]]:
    """Collect on-commit receivers in a test without a commit; see `typed_signals.testing`."""
    from typed_signals.testing import capture_on_commit

    return capture_on_commit
