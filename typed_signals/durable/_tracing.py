"""Spans and metrics of durable work, where OpenTelemetry is installed; else nothing."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typed_signals.durable._table import Claimed

try:
    from opentelemetry import metrics, trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "opentelemetry":
        raise
    _installed = False
else:
    _installed = True

__all__ = ["context_to_carry", "dead", "handling", "retried"]

SCOPE: Final = "typed_signals.durable"
RECEIVER: Final = "typed_signals.receiver"
ATTEMPT: Final = "typed_signals.attempt"
ERROR_TYPE: Final = "error.type"


def context_to_carry() -> str | None:
    """The trace context of the running code, as a row carries it."""
    if not _installed:
        return None
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def handling(claimed: Claimed) -> Generator[None]:
    """Handle a row inside a span that is linked to its send, and record its lag."""
    if not _installed:
        yield
        return
    name = claimed.job.receiver
    tracer = trace.get_tracer(SCOPE)
    _meter().create_histogram(
        f"{SCOPE}.lag", unit="s", description="Time from a send to an attempt of its receiver."
    ).record(claimed.lag, {RECEIVER: name})
    with tracer.start_as_current_span(
        f"handle {name}",
        kind=trace.SpanKind.CONSUMER,
        attributes={RECEIVER: name, ATTEMPT: claimed.job.attempt},
        links=_links(claimed.trace),
        record_exception=False,  # its message and traceback may hold field values
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_attribute(ERROR_TYPE, type(error).__qualname__)
            span.set_status(trace.StatusCode.ERROR)
            raise


def retried(claimed: Claimed) -> None:
    """Count an attempt that failed and is made again."""
    _count("retries", "Attempts that failed and are made again.", claimed)


def dead(claimed: Claimed) -> None:
    """Count a row that was given up."""
    _count("dead", "Events that were given up.", claimed)


def _count(what: str, description: str, claimed: Claimed) -> None:
    if _installed:
        counter = _meter().create_counter(f"{SCOPE}.{what}", description=description)
        counter.add(1, {RECEIVER: claimed.job.receiver})


def _meter() -> Any:
    return metrics.get_meter(SCOPE)


def _links(traceparent: str | None) -> list[Any]:
    if traceparent is None:
        return []
    context = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    return [trace.Link(trace.get_current_span(context).get_span_context())]
