"""Spans and metrics with OpenTelemetry: what was sent, who heard it, how long it took.

Needs the extra ``otel``. Nothing is measured, and nothing costs, until :func:`instrument` is
called. A field's value, or a failure's message, which may hold one, never leaves the program.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from opentelemetry import metrics, trace
from opentelemetry.util.types import AttributeValue

from typed_signals.delivery.connection import Connection
from typed_signals.inspection import place_of
from typed_signals.observation import Observer, Proceed, unwatch, watch
from typed_signals.signal import Signal

__all__ = ["instrument", "uninstrument"]

T = TypeVar("T")
Attributes = dict[str, AttributeValue]

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

_instrumented: _Tracer | None = None


def instrument(
    *,
    tracer_provider: trace.TracerProvider | None = None,
    meter_provider: metrics.MeterProvider | None = None,
) -> None:
    """Trace and measure every send of this process that is heard by anyone.

    Each send is a span, and so is each receiver, below it. A receiver that runs after the commit
    is linked to the send, and is a child of whatever runs then. The metrics are histograms in
    seconds, so each of them is a count as well; failures are those with ``error.type``:

    - ``typed_signals.send.duration``
    - ``typed_signals.receiver.duration``
    - ``typed_signals.on_commit.lag``: how long after its send a receiver that waits for the
      commit begins.

    Calling it again replaces what was asked for before.

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
    watch(_instrumented)


def uninstrument() -> None:
    """Trace and measure no more; what is under way is finished."""
    global _instrumented
    if _instrumented is not None:
        unwatch(_instrumented)
        _instrumented = None


class _Tracer(Observer):
    rank = 2  # after those who choose who hears

    def __init__(self, tracer: trace.Tracer, meter: metrics.Meter) -> None:
        self._tracer = tracer

        def histogram(name: str, description: str) -> metrics.Histogram:
            return meter.create_histogram(
                f"{SCOPE}.{name}",
                unit="s",
                description=description,
                explicit_bucket_boundaries_advisory=_BOUNDARIES,
            )

        self._sends = histogram("send.duration", "Time until every receiver has ended.")
        self._receivers = histogram("receiver.duration", "Time until a receiver has ended.")
        self._lag = histogram("on_commit.lag", "Time from a send to its receiver after the commit.")

    def delivering(
        self,
        signal: Signal[Any],
        sender: object,
        payload: Mapping[str, Any],
        connections: tuple[Connection, ...],
        proceed: Proceed[T],
    ) -> Coroutine[Any, Any, T]:
        if not connections:
            return proceed(connections)
        return self._sent(signal, sender, connections, proceed)

    async def _sent(
        self,
        signal: Signal[Any],
        sender: object,
        connections: tuple[Connection, ...],
        proceed: Proceed[T],
    ) -> T:
        kind: type[Any] = sender if isinstance(sender, type) else type(sender)
        common: Attributes = {SIGNAL: signal.name, SENDER: kind.__qualname__}
        name = f"send {kind.__qualname__}.{signal.name or 'signal'}"
        with self._measured(name, self._sends, common, {RECEIVERS: len(connections)}) as span:
            send = _Send(self, common, span.get_span_context(), time.perf_counter())
            return await proceed(tuple(_Traced.of(each, send) for each in connections))

    async def received(self, connection: _Traced, running: Coroutine[Any, Any, T]) -> T:
        """Await a receiver inside a span."""
        send = connection.send
        place: Attributes = _place(connection.receiver)
        common = {**send.common, FUNCTION: place[FUNCTION]}
        details = {**place, ON_COMMIT: connection.on_commit}
        links: list[trace.Link] = []
        if connection.on_commit:
            self._lag.record(time.perf_counter() - send.began, common)
            links.append(trace.Link(send.context))
        with self._measured(str(place[FUNCTION]), self._receivers, common, details, links):
            return await running

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
        began = time.perf_counter()
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
                histogram.record(time.perf_counter() - began, attributes)


@dataclass(frozen=True, slots=True)
class _Send:
    tracer: _Tracer
    common: Attributes
    context: trace.SpanContext
    began: float


class _Traced(Connection):
    """A connection whose receiver runs inside a span."""

    __slots__ = ("send",)
    send: _Send

    @classmethod
    def of(cls, connection: Connection, send: _Send) -> _Traced:
        options = connection.options
        traced = cls(connection.receiver, connection.order, connection.aliases, **options)
        object.__setattr__(traced, "send", send)
        object.__setattr__(traced, "begin", traced._received)
        return traced

    def _received(self, sender: object, **payload: Any) -> Coroutine[Any, Any, Any]:
        return self.send.tracer.received(self, self.run(sender, **payload))


def _error_type(error: Exception) -> str:
    kind = type(error)
    built_in = kind.__module__ == "builtins"
    return kind.__qualname__ if built_in else f"{kind.__module__}.{kind.__qualname__}"


def _place(receiver: Callable[..., Awaitable[object]]) -> Attributes:
    place = place_of(receiver)
    found: Attributes = {FUNCTION: place.name}
    if place.file:
        found |= {FILE: place.file, LINE: place.line}
    return found
