"""Test tools and tracing, on a session."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import typed_signals.sqlalchemy as signals
from tests.sqlalchemy.shop import Order
from typed_signals.testing import capture_signals, muted
from typed_signals.tracing import instrument, uninstrument


async def test_captured_signals_name_the_operation(session):
    with capture_signals(Order) as sent:
        session.add(Order(name="a"))
        await session.commit()
    assert [each.name for each in sent] == ["pre_save", "post_save"]
    sent.assert_sent(signals.get_signals(Order).post_save, times=1)


async def test_muted_receivers_are_not_called(session):
    @signals.post_save(Order)
    async def fail(sender: Any, instance: Order, **kwargs: Any) -> None:
        raise AssertionError

    with muted(Order):
        session.add(Order(name="a"))
        await session.commit()


async def test_spans_of_receivers_are_those_of_the_flush(session):
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    @signals.post_save(Order)
    async def look(sender: Any, instance: Order, **kwargs: Any) -> None: ...

    instrument(tracer_provider=provider)
    try:
        with provider.get_tracer("test").start_as_current_span("request"):
            session.add(Order(name="a"))
            await session.commit()
    finally:
        uninstrument()
    spans = {each.name: each for each in exporter.get_finished_spans()}
    request = spans.pop("request")
    assert spans
    assert {each.context.trace_id for each in spans.values()} == {request.context.trace_id}
