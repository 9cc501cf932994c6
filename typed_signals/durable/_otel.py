"""Spans and metrics of durable work, through OpenTelemetry."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from opentelemetry import metrics, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from typed_signals.durable._table import Claimed
from typed_signals.durable._tracing import Tracing

__all__ = ["OpenTelemetry"]

SCOPE: Final = "typed_signals.durable"
RECEIVER: Final = "typed_signals.receiver"
ATTEMPT: Final = "typed_signals.attempt"
ERROR_TYPE: Final = "error.type"


class OpenTelemetry(Tracing):
    """Spans linked to their sends, the lag, and counts of retries and of what is dead."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer(SCOPE)
        meter = metrics.get_meter(SCOPE)
        self._lag = meter.create_histogram(
            f"{SCOPE}.lag", unit="s", description="Time from a send to an attempt of its receiver."
        )
        self._retries = meter.create_counter(
            f"{SCOPE}.retries", description="Attempts that failed and are made again."
        )
        self._dead = meter.create_counter(f"{SCOPE}.dead", description="Events that were given up.")

    def carried(self) -> str | None:
        """The trace context of the running code, as it is written in a row."""
        carrier: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(carrier)
        return carrier.get("traceparent")

    @contextmanager
    def handling(self, claimed: Claimed) -> Generator[None]:
        """Handle a row inside a span that is linked to its send, and record its lag."""
        name = claimed.job.receiver
        self._lag.record(claimed.lag, {RECEIVER: name})
        links: list[trace.Link] = []
        if claimed.trace is not None:
            sent = TraceContextTextMapPropagator().extract({"traceparent": claimed.trace})
            links.append(trace.Link(trace.get_current_span(sent).get_span_context()))
        with self._tracer.start_as_current_span(
            f"handle {name}",
            kind=trace.SpanKind.CONSUMER,
            attributes={RECEIVER: name, ATTEMPT: claimed.job.attempt},
            links=links,
            record_exception=False,  # its message and traceback may hold field values
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute(ERROR_TYPE, type(error).__qualname__)
                span.set_status(trace.StatusCode.ERROR)
                raise

    def retried(self, claimed: Claimed) -> None:
        """Count an attempt that failed and is made again."""
        self._retries.add(1, {RECEIVER: claimed.job.receiver})

    def dead(self, claimed: Claimed) -> None:
        """Count a row that was given up."""
        self._dead.add(1, {RECEIVER: claimed.job.receiver})
