"""Fixtures of the tests on SQLAlchemy: sessions on each database, and no receivers left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests import lanes

if not lanes.ENGINES:
    collect_ignore_glob = ["test_*.py"]
else:
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

    import typed_signals.sqlalchemy as signals
    from tests.conftest import DATABASES, SERVER_URLS
    from tests.sqlalchemy.shop import Base, make_engine
    from typed_signals.testing import isolated

    @asynccontextmanager
    async def opened(url: str) -> AsyncIterator[AsyncEngine]:
        """An engine whose database has the shop's empty tables."""
        engine = make_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield engine
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.drop_all)
        await engine.dispose()

    @pytest.fixture(params=DATABASES)
    async def any_engine(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
        url = SERVER_URLS.get(request.param, f"sqlite+aiosqlite:///{tmp_path}/shop.db")
        async with opened(url) as engine:
            yield engine

    @pytest.fixture
    def engine(any_engine: AsyncEngine) -> AsyncEngine:
        """An engine for each database; a file of tests may have one for SQLite alone."""
        return any_engine

    @pytest.fixture
    def make_session(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
        return async_sessionmaker(engine, expire_on_commit=False)

    @pytest.fixture
    async def session(make_session: Any) -> AsyncIterator[AsyncSession]:
        async with make_session() as session:
            yield session

    @pytest.fixture(autouse=True)
    def installed() -> Iterator[None]:
        """Typed signals on the shop, with no receivers but the test's own."""
        signals.install(Base)
        with isolated():
            yield
        signals.uninstall()
