"""A shop with durable receivers, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import lanes
from tests.conftest import DATABASES, SERVER_URLS

# On the other lanes there is one test: that an outbox is refused.
collect_ignore_glob = [] if lanes.CURRENT else ["test_[!r]*.py"]


class Shop:
    """Models on one database, with an outbox in it."""

    def __init__(self, store: Any) -> None:
        import ormar

        from typed_signals.durable import TableOutbox

        self.store = store
        self.database = store.database
        self.Order = store.model(
            "Order",
            id=ormar.Integer(primary_key=True),
            name=ormar.String(max_length=50, default=""),
            total=ormar.Integer(default=150),
        )
        self.Item = store.model(
            "Item",
            id=ormar.Integer(primary_key=True),
            order=ormar.ForeignKey(self.Order, related_name="items", nullable=True),
        )
        self.outbox = TableOutbox(store.base, table=f"{store.prefix}outbox")

    async def create_tables(self) -> None:
        """Create the tables of models that came later."""
        async with self.database.engine.begin() as connection:
            await connection.run_sync(self.store.metadata.create_all)

    async def rows(self) -> list[dict[str, Any]]:
        """The rows of the outbox, seen by a connection of its own."""
        async with self.database.engine.connect() as connection:
            found = await connection.execute(
                self.outbox.table.select().order_by(self.outbox.table.c.id)
            )
            return [dict(row) for row in found.mappings()]

    async def states(self) -> list[str]:
        return [row["state"] for row in await self.rows()]

    async def make_due(self) -> None:
        """Let every delay and every lease run out."""
        table = self.outbox.table
        await self.store.execute(table.update().where(table.c.state == "pending").values(due=0.0))


@pytest.fixture(params=DATABASES)
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shop]:
    import typed_signals.ormar
    from tests.shop import Store

    url = SERVER_URLS.get(request.param)
    store = Store(url) if url else Store.sqlite(tmp_path / "shop.db")
    typed_signals.ormar.install()
    shop = Shop(store)
    async with store.opened():
        yield shop
    await store._with_tables_async(store.metadata.drop_all)
    store.forget_receivers()
    typed_signals.ormar.uninstall()


class Telemetry:
    """The spans and metrics of durable work, kept in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        from typed_signals.durable import _otel

        self._exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = provider.get_tracer("test")
        meters = MeterProvider([self._reader])
        monkeypatch.setattr(_otel.trace, "get_tracer", provider.get_tracer)
        monkeypatch.setattr(_otel.metrics, "get_meter", meters.get_meter)

    def spans(self) -> tuple[Any, ...]:
        """The spans that have ended."""
        return tuple(self._exporter.get_finished_spans())

    def measured(self) -> dict[str, int]:
        """How often the lag was measured, and the counts of the others."""
        data: Any = self._reader.get_metrics_data()
        points = {
            metric.name.removeprefix("typed_signals.durable."): metric.data.data_points[0]
            for metric in data.resource_metrics[0].scope_metrics[0].metrics
        }
        return {
            name: point.count if name == "lag" else point.value for name, point in points.items()
        }


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telemetry]:
    from typed_signals.durable._telemetry import tracing

    made = Telemetry(monkeypatch)
    tracing.cache_clear()
    yield made
    tracing.cache_clear()
