"""Traces and measures durable work; does nothing unless OpenTelemetry is installed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typed_signals.durable._table import Claimed

__all__ = ["Tracing"]


class Tracing:
    """Traces and measures nothing."""

    def carried(self) -> str | None:
        """The trace context of the running code, as it is written in a row."""
        return None

    def handling(self, claimed: Claimed) -> AbstractContextManager[None]:
        """Handle a row inside the context manager."""
        return nullcontext()

    def retried(self, claimed: Claimed) -> None:
        """Count an attempt that failed and is made again."""

    def dead(self, claimed: Claimed) -> None:
        """Count a row that was given up."""
