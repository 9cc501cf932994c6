"""Spans and metrics with OpenTelemetry: what was sent, who received it, how long it took.

Needs the extra ``otel``. Nothing is measured, and there is no cost, until :func:`instrument` is
called. Field values never leave the program, nor do messages of exceptions, which may hold them.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from opentelemetry import metrics, trace
from opentelemetry.util.types import AttributeValue

from typed_signals._connection import Connection
from typed_signals._describe import locate
from typed_signals._middleware import CallNext, SentSignal
from typed_signals._targets import add_middleware, remove_middleware

__all__ = ["instrument", "uninstrument"]

T = TypeVar("T")
Attributes = dict[str, AttributeValue]
Call = Callable[..., Coroutine[Any, Any, Any]]

SCOPE: Final = "typed_signals"

# Of the semantic conventions.
ERROR_TYPE: Final = "error.type"
FUNCTION: Final = "code.function.name"
FILE: Final = "code.file.path"
LINE: Final = "code.line.number"
# Our own.
SIGNAL: Final = "typed_signals.signal"
SENDER: Final = "typed_signals.sender"
RECEIVERS: Final = "typed_signals.receivers"
ON_COMMIT: Final = "typed_signals.on_commit"

# What the semantic conventions advise for durations in seconds.
_BOUNDARIES: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

_PRIORITY: Final = 20  # after what chooses the receivers

_instrumented: _Tracer | None = None


def instrument(
    *,
    tracer_provider: trace.TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
) -> None:
    """Trace and measure every send of this process that reaches a receiver.

    Each send is a span, and each of its receivers is a child span. The span of a receiver that
    runs after the commit is linked to the send, and is a child of the span that is open then. The
    metrics are histograms in seconds, so each of them also counts; failures have ``error.type``:

    - ``typed_signals.send.duration``
    - ``typed_signals.receiver.duration``
    - ``typed_signals.on_commit.lag``: the time from a send to the start of an on-commit receiver.

    Calling it again replaces the providers.

    Args:
        tracer_provider: The provider of spans; the global one when left out.
        meter_provider: The provider of metrics; the global one when left out.
    """
    global _instrumented
    uninstrument()
    _instrumented = _Tracer(
        trace.get_tracer(SCOPE, tracer_provider=tracer_provider),
        metrics.get_meter(SCOPE, meter_provider=meter_provider),
    )
    add_middleware(_instrumented, priority=_PRIORITY)


def uninstrument() -> None:
    """Stop tracing and measuring; sends under way are still traced."""
    global _instrumented
    if _instrumented is not None:
        remove_middleware(_instrumented)
        _instrumented = None


class _Tracer:
    def __init__(self, tracer: trace.Tracer, meter: metrics.Meter) -> None:
        self._tracer = tracer

        def histogram(name: str, description: str) -> metrics.Histogram:
            return meter.create_histogram(
                f"{SCOPE}.{name}",
                unit="s",
                description=description,
                explicit_bucket_boundaries_advisory=_BOUNDARIES,
            )

        self._sends = histogram("send.duration", "Time until every receiver has finished.")
        self._receivers = histogram("receiver.duration", "Time until a receiver has finished.")
        self._lag = histogram("on_commit.lag", "Time from a send to its receiver after the commit.")

    async def __call__(self, sent: SentSignal, call_next: CallNext[T], /) -> T:
        if not sent.connections:
            return await call_next(sent)
        kind: type[Any] = sent.sender if isinstance(sent.sender, type) else type(sent.sender)
        common: Attributes = {SIGNAL: sent.signal.name, SENDER: kind.__qualname__}
        name = f"send {kind.__qualname__}.{sent.signal.name or 'signal'}"
        count: Attributes = {RECEIVERS: len(sent.connections)}
        with self._measured(name, self._sends, common, count) as span:
            send = _Send(common, span.get_span_context(), time.perf_counter())
            traced = tuple(
                replace(each, call=self._traced(each, send)) for each in sent.connections
            )
            return await call_next(replace(sent, connections=traced))

    def _traced(self, connection: Connection, send: _Send) -> Call:
        """The call of a receiver, inside a span."""
        location = _location(connection.receiver)
        common = {**send.common, FUNCTION: location[FUNCTION]}
        details = {**location, ON_COMMIT: connection.on_commit}

        async def call(sender: object, **payload: Any) -> object:
            links: list[trace.Link] = []
            if connection.on_commit:
                self._lag.record(time.perf_counter() - send.started, common)
                links.append(trace.Link(send.context))
            name = str(location[FUNCTION])
            with self._measured(name, self._receivers, common, details, links):
                return await connection.call(sender=sender, **payload)

        return call

    @contextmanager
    def _measured(
        self,
        name: str,
        histogram: metrics.Histogram,
        common: Attributes,
        details: Attributes,
        links: list[trace.Link] | None = None,
    ) -> Generator[trace.Span]:
        attributes = dict(common)
        started = time.perf_counter()
        with self._tracer.start_as_current_span(
            name,
            attributes={**common, **details},
            links=links,
            record_exception=False,  # its message and traceback may hold field values
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                attributes[ERROR_TYPE] = _error_type(error)
                span.set_attribute(ERROR_TYPE, attributes[ERROR_TYPE])
                span.set_status(trace.StatusCode.ERROR)
                raise
            finally:
                histogram.record(time.perf_counter() - started, attributes)


@dataclass(frozen=True, slots=True)
class _Send:
    common: Attributes
    context: trace.SpanContext
    started: float


def _error_type(error: Exception) -> str:
    kind = type(error)
    built_in = kind.__module__ == "builtins"
    return kind.__qualname__ if built_in else f"{kind.__module__}.{kind.__qualname__}"


def _location(receiver: Callable[..., Awaitable[object]]) -> Attributes:
    location = locate(receiver)
    found: Attributes = {FUNCTION: location.name}
    if location.file and location.line is not None:
        found |= {FILE: location.file, LINE: location.line}
    return found
