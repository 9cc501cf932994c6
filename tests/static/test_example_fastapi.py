"""The example record shop, tested over HTTP, with its signals captured."""

import asyncio
import contextvars
import importlib
import subprocess
import sys
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import httpx
import pytest

import typed_signals.ormar
from tests.conftest import SERVERS
from typed_signals.testing import SentSignals, connected_to

EXAMPLES = Path(__file__).parents[2] / "examples"


# --- a shop of its own for every test ------------------------------------------------------------


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def database(request: pytest.FixtureRequest, tmp_path: Path):
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'shop.sqlite'}"
        return
    host, port = SERVERS["postgresql"]
    name = f"ts_{uuid.uuid4().hex[:8]}"
    server = await asyncpg.connect(host=host, port=port, user="postgres", database="postgres")
    await server.execute(f"CREATE DATABASE {name}")
    yield f"postgresql+asyncpg://postgres@{host}:{port}/{name}"
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


def forget_modules() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "fastapi_shop"]:
        del sys.modules[name]


@pytest.fixture
def shop(database: str, monkeypatch: pytest.MonkeyPatch):
    """The program's module with the models, imported as if the program were started."""
    monkeypatch.setenv("SHOP_DATABASE", database)
    monkeypatch.syspath_prepend(EXAMPLES)
    importlib.import_module("fastapi_shop.app")
    yield sys.modules["fastapi_shop.models"]
    forget_modules()
    typed_signals.ormar.uninstall()


@pytest.fixture
async def client(shop: ModuleType):
    app = sys.modules["fastapi_shop.app"].app
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://shop") as client,
    ):
        yield client


async def create(client: httpx.AsyncClient, what: str, **values: object) -> str:
    """Create something and return its path."""
    answer = await client.post(what, json=values)
    assert answer.status_code == 201
    return f"{what}/{answer.json()['id']}"


async def get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200
    return answer.json()


async def order(client: httpx.AsyncClient, **copies: int) -> int:
    """Order copies of albums, named by `_` and their id, and return the status."""
    items = [{"album": int(name[1:]), "copies": number} for name, number in copies.items()]
    return (await client.post("/orders", json=items)).status_code


# --- the audit log -------------------------------------------------------------------------------


async def test_change_writes_an_audit_entry(client, shop, sent_signals: SentSignals):
    punk = await create(client, "/tags", name="punk")
    horses = await create(client, "/albums", name="Horses", stock=3)
    assert await order(client, _1=2) == 204
    assert (await client.delete(horses)).status_code == 204

    assert (punk, horses) == ("/tags/1", "/albums/1")
    assert await get(client, "/audit") == [
        "Tag 1 saved",
        "Album 1 saved",
        "Album 1 updated",
        "Album 1 deleted",
    ]
    sent_signals.assert_order(
        ("post_save", shop.Tag),
        ("post_save", shop.Album),
        ("post_update", shop.Album),
        ("post_delete", shop.Album),
    )
    saved = sent_signals.assert_sent("post_save", shop.Album, times=1)
    assert saved.operation == "objects.create()"
    assert sent_signals.assert_sent("post_update", shop.Album, times=1).value("instance").stock == 1


async def test_rollback_leaves_no_audit_entry(client, shop, sent_signals: SentSignals):
    for name, stock in (("Horses", 3), ("Easter", 1)):
        await create(client, "/albums", name=name, stock=stock)
    sent_signals.clear()
    assert await order(client, _1=1, _2=2) == 409

    sent_signals.assert_sent("post_update", shop.Album, times=1)  # the first album had enough
    assert await get(client, "/audit") == ["Album 1 saved", "Album 2 saved"]
    assert [(await get(client, f"/albums/{id}"))["stock"] for id in (1, 2)] == [3, 1]


# --- the counter ---------------------------------------------------------------------------------


async def test_tags_update_the_counter(client, shop, sent_signals: SentSignals):
    horses = await create(client, "/albums", name="Horses")
    tags = [await create(client, "/tags", name=name) for name in ("punk", "debut")]
    for tag in (*tags, tags[0]):  # the last one is there already
        assert (await client.put(horses + tag)).status_code == 204
    page = await get(client, horses)
    assert sorted(page["tags"]) == ["debut", "punk"]
    assert page["tag_count"] == 2
    assert (await client.delete(horses + tags[0])).status_code == 204
    assert (await client.delete(horses + tags[0])).status_code == 404
    page = await get(client, horses)
    assert (page["tags"], page["tag_count"]) == (["debut"], 1)

    sent_signals.assert_sent("post_relation_add", shop.Album, times=2, relation_name="tags")
    sent_signals.assert_sent("post_relation_remove", shop.Album, times=1)
    sent_signals.assert_sent("post_update", shop.Album, times=3)


async def test_concurrent_orders_lose_no_update(client):
    horses = await create(client, "/albums", name="Horses", stock=8)
    tags = [await create(client, "/tags", name=str(number)) for number in range(8)]
    answers = await asyncio.gather(
        *(client.put(horses + tag) for tag in tags), *(order(client, _1=1) for _ in range(10))
    )
    assert [answer.status_code for answer in answers[:8]] == [204] * 8
    assert sorted(answers[8:]) == [204] * 8 + [409] * 2
    page = await get(client, horses)
    assert (page["tag_count"], len(page["tags"]), page["stock"]) == (8, 8, 0)
    assert (await get(client, "/audit")).count("Album 1 updated") == 16


# --- the cache -----------------------------------------------------------------------------------


async def test_page_is_cached_until_its_album_changes(client, shop):
    horses = await create(client, "/albums", name="Horses", stock=3)
    easter = await create(client, "/albums", name="Easter", stock=3)
    for album in (horses, easter):
        await get(client, album)
    await shop.Album.objects.update(each=True, name="Renamed")  # sends no signal
    await order(client, _1=1)
    assert [(await get(client, album))["name"] for album in (horses, easter)] == [
        "Renamed",
        "Easter",
    ]
    await client.delete(easter)
    assert (await client.get(easter)).status_code == 404


async def test_page_stays_cached_after_a_rollback(client, shop, sent_signals):
    horses = await create(client, "/albums", name="Horses", stock=3)
    await get(client, horses)
    await shop.Album.objects.update(each=True, name="Renamed")
    sent_signals.clear()
    assert await order(client, _1=1, _2=1) == 404
    sent_signals.assert_sent("post_update", shop.Album, times=1)
    assert (await get(client, horses))["name"] == "Horses"


async def test_read_before_the_commit_caches_no_old_page(client, shop):
    horses = await create(client, "/albums", name="Horses", stock=3)
    seen: list[int] = []

    async def look(sender: Any, **kwargs: object) -> None:
        """Ask for the page as another client would, outside of this request's transaction."""
        page = asyncio.create_task(get(client, horses), context=contextvars.Context())
        seen.append((await page)["stock"])

    with connected_to(shop.Album.ormar_config.signals.post_update, look):
        await order(client, _1=1)
    assert seen == [3]
    assert (await get(client, horses))["stock"] == 2


# --- the code ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "checker",
    [
        ["mypy", "--strict", "--config-file", "mypy.ini", "-p", "fastapi_shop"],
        ["pyright", "--pythonpath", sys.executable, "--project", "pyright.json"],
    ],
    ids=lambda command: command[0],
)
@pytest.mark.slow
def test_type_checkers_agree_and_see_a_mistake(checker: list[str], tmp_path: Path):
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = typed_signals.mypy\n")
    (tmp_path / "pyright.json").write_text('{"typeCheckingMode": "standard"}')
    package = tmp_path / "fastapi_shop"
    package.mkdir()
    for file in (EXAMPLES / "fastapi_shop").glob("*.py"):
        (package / file.name).write_text(file.read_text("utf-8"), "utf-8")

    def check() -> tuple[int, str]:
        program = Path(sys.executable).with_name(checker[0])
        done = subprocess.run(
            [program, *checker[1:]],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout

    status, said = check()
    assert status == 0, said
    receivers = package / "receivers.py"
    right = "async def count_tags(sender: type[Album], instance: Album,"
    text = receivers.read_text("utf-8")
    assert text.count(right) == 1
    receivers.write_text(text.replace(right, right.replace("instance:", "instnace:")), "utf-8")
    status, said = check()
    assert status == 1
    assert "instnace" in said
