"""Which tracing this process uses: OpenTelemetry if it is installed."""

from __future__ import annotations

import functools
from importlib.util import find_spec

from typed_signals.durable._tracing import Tracing

__all__ = ["tracing"]


@functools.cache
def tracing() -> Tracing:
    """The tracing of this process."""
    if find_spec("opentelemetry") is None:
        return Tracing()
    from typed_signals.durable._otel import OpenTelemetry

    return OpenTelemetry()
