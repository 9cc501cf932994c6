"""A shop with durable receivers, of each ORM and on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import lanes
from tests.conftest import SERVER_URLS, SERVERS

if TYPE_CHECKING:
    from tests.durable.shops import Shop

# On the other lanes there is one test: that an outbox is refused.
collect_ignore_glob = [] if lanes.ENGINES else ["test_[!r]*.py"]

ORMS = ("ormar", "sqlalchemy")


def places(marks: set[str]) -> Iterator[tuple[str, str]]:
    """The ORMs and databases that a test runs on.

    Where both ORMs are, that of SQLAlchemy is on SQLite alone: its own lane has the servers.
    """
    for orm in ORMS:
        if orm == "ormar" or "ormar_only" not in marks:
            yield orm, "sqlite"
            if (orm == "ormar") == bool(lanes.ORMAR) and "sqlite_only" not in marks:
                yield from ((orm, server) for server in SERVERS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the tests run on the shop of each ORM, except those that are marked."""
    if "place" not in metafunc.fixturenames:
        return
    params = [
        pytest.param(
            (orm, database),
            marks=[
                getattr(pytest.mark, each)
                for each in ("ormar_only", *SERVERS)
                if each in (f"{orm}_only", database)
            ],
            id=database if orm == "ormar" else f"{orm}-{database}",
        )
        for orm, database in places({each.name for each in metafunc.definition.iter_markers()})
    ]
    metafunc.parametrize("place", params)


@pytest.fixture
async def shop(place: tuple[str, str], tmp_path: Path) -> AsyncIterator[Shop]:
    from tests.durable.shops import SHOPS

    orm, database = place
    shop = SHOPS[orm](SERVER_URLS.get(database, f"sqlite+aiosqlite:///{tmp_path}/shop.db"))
    store = shop.store
    store.install()
    async with store.database:
        await shop.create_tables()
        yield shop
    async with store.database:
        await shop.drop_tables()
    store.forget_receivers()
    store.uninstall()


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
