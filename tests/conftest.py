"""Fixtures for all tests: the lanes, the databases, and the models of the shop."""

import os
import socket
import sys
import threading
from functools import cache
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import lanes

# A busy machine is no failure.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")

# The tests of the checkers and of linting need the tools of the current lane.
collect_ignore = [] if lanes.CURRENT else ["static"]

# --- what a lane does not install ----------------------------------------------------------------

# What a lane may lack, and the parts of the package that are nothing without it.
OPTIONAL = {
    "aiosqlite": (),
    "opentelemetry": ("tracing",),
    "ormar": ("ormar",),
    "pydantic": ("durable", "validation"),
    "sqlalchemy": ("durable", "ormar", "sqlalchemy"),
}


class NotInstalled(MetaPathFinder):
    """Skips a test, or a whole file, that imports what this lane does not install.

    If another part of the package imports it, that is an error, as it is for a user.
    """

    def find_spec(self, name: str, *_: object) -> None:
        if name in OPTIONAL and self._importer(OPTIONAL[name]).startswith("tests."):
            pytest.skip(f"`{name}` is not installed on this lane", allow_module_level=True)

    def _importer(self, parts: tuple[str, ...]) -> str:
        """The module that imports it, or one of these parts of the package."""
        passed = ("importlib.", *(f"typed_signals.{part}." for part in parts))
        frame: FrameType | None = sys._getframe(2)
        while frame and f"{frame.f_globals.get('__name__')}.".startswith(passed):
            frame = frame.f_back
        return str(frame.f_globals.get("__name__")) if frame else ""


sys.meta_path.append(NotInstalled())


# --- servers -------------------------------------------------------------------------------------

# Before aiosqlite 0.22 a connection is a thread that is no daemon, and `databases` leaves one open
# when it is cancelled while it connects: the tests of cancellation would never finish.
if not lanes.CORE:
    import aiosqlite.core

    if issubclass(aiosqlite.core.Connection, threading.Thread):
        aiosqlite.core.Connection.daemon = True

SERVERS = {"postgresql": ("127.0.0.1", 5432), "mariadb": ("127.0.0.1", 3306)}
SERVER_URLS = {
    "postgresql": "postgresql+asyncpg://postgres@127.0.0.1:5432/postgres",
    "mariadb": "mysql+aiomysql://root@127.0.0.1:3306/test",
}
REQUIRED = os.environ.get("TYPED_SIGNALS_REQUIRE_DATABASES", "") not in {"", "0"}


@cache
def answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=10):
            return True
    except OSError:
        return False


def pytest_report_header() -> str:
    servers = [name for name, address in SERVERS.items() if lanes.ENGINES and answers(*address)]
    return f"lane: {lanes.NAME}; databases: {', '.join(['sqlite', *servers])}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("ormar_only") is not None and not lanes.ORMAR:
        pytest.skip("`ormar` is not installed on this lane")
    for marker, (host, port) in SERVERS.items():
        if item.get_closest_marker(marker) is not None and not answers(host, port):
            message = f"no {marker} server answers on {host}:{port}"
            if REQUIRED:
                pytest.fail(message, pytrace=False)
            pytest.skip(message)


# --- ormar's models ------------------------------------------------------------------------------

DATABASES = [
    "sqlite",
    *(
        pytest.param(server, marks=getattr(pytest.mark, server))
        for server in SERVERS
        if lanes.ENGINES  # the other lanes have no driver for them
    ),
]

BACKENDS = [*(["ormar"] if lanes.ORMAR else []), *(["sqlalchemy"] if lanes.ENGINES else [])]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the tests that are marked run on the shop of each backend."""
    marks = {each.name: each.args for each in metafunc.definition.iter_markers()}
    both = "both_backends" in marks and "ormar_only" not in marks
    chosen = "shop_models" in marks.get("parametrize", ())
    if "shop_models" in metafunc.fixturenames and not chosen:
        params = [
            pytest.param(
                (backend, database),
                marks=[getattr(pytest.mark, database)] if database in SERVERS else [],
                id=database if backend == "ormar" else f"{backend}-{database}",
            )
            for backend in (BACKENDS if both else ["ormar"])
            for database in ("sqlite", *(SERVERS if lanes.ENGINES else ()))
        ]
        metafunc.parametrize("shop_models", params, indirect=True, scope="session")


@pytest.fixture(scope="session")
def shop_models(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """The shop's models with their tables, once per database."""
    backend, database = request.param
    kinds: Any
    if backend == "sqlalchemy":
        from tests.sqlalchemy.store import AlchemyShop, AlchemyStore

        kinds = (AlchemyStore, AlchemyShop)
    else:
        from tests.shop import Shop, Store

        kinds = (Store, Shop)
    if database == "sqlite":
        store = kinds[0].sqlite(tmp_path_factory.mktemp("shop") / "shop.db")
    else:
        store = kinds[0](SERVER_URLS[database])
    shop = kinds[1](store)
    store.create_tables()
    yield shop
    store.drop_tables()


@pytest.fixture
def make_store(tmp_path: Path):
    """Makes places for a test's own models of ormar, each in an SQLite file with a given name.

    Nothing is installed before or after.
    """
    import typed_signals.ormar
    from tests.shop import Store

    made: list[Store] = []

    def make(name: str) -> Store:
        made.append(Store.sqlite(tmp_path / name))
        return made[-1]

    yield make
    for each in made:
        each.forget_receivers()
    typed_signals.ormar.uninstall()


@pytest.fixture
def store(make_store):
    """A place for a test's own models, in an SQLite file; nothing is installed before or after."""
    return make_store("store.db")


@pytest.fixture
async def plain_shop(shop_models):
    """The shop, connected to its empty database, with ormar's own signals and no receivers."""
    store = shop_models.store
    store.forget_receivers()
    async with store.database:
        yield shop_models
        await store.empty()
    store.forget_receivers()
    store.uninstall()


@pytest.fixture
async def shop(plain_shop):
    """The shop with typed signals on all of its models."""
    plain_shop.store.install()
    return plain_shop
