"""The example shop on SQLModel: asked over HTTP, and looked at by the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import SQLModel

import typed_signals.sqlalchemy as signals
from typed_signals.testing import capture_signals

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The program, with a database of its own, imported as if it were started."""
    monkeypatch.setenv("SHOP_DATABASE", f"sqlite+aiosqlite:///{tmp_path}/shop.sqlite")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    try:
        from sqlmodel_shop import app, models, receivers

        transport = httpx.ASGITransport(app=app.app)
        async with (
            app.lifespan(app.app),
            httpx.AsyncClient(transport=transport, base_url="http://shop") as client,
        ):
            yield client, models, receivers
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "sqlmodel_shop"]:
            del sys.modules[name]
        SQLModel.metadata.clear()
        SQLModel._sa_registry.dispose()
        signals.uninstall(SQLModel)


async def test_shop_sells_audits_and_writes_letters_after_the_commit(shop):
    client, models, receivers = shop
    item = (await client.post("/items", json={"name": "record", "stock": 3})).json()
    with capture_signals(models.Order) as sent:
        order = await client.post("/orders", json={"item_id": item["id"], "copies": 2})
    assert order.status_code == 201
    assert receivers.letters == [f"Thank you for order {order.json()['id']}"]
    assert [each.name for each in sent] == ["pre_save", "post_save"]
    assert (await client.get(f"/items/{item['id']}")).json()["stock"] == 1
    refused = await client.post("/orders", json={"item_id": item["id"], "copies": 2})
    assert refused.status_code == 409
    assert len(receivers.letters) == 1
    number = order.json()["id"]
    await client.put(f"/orders/{number}", json={"state": "sent"})
    assert (await client.get("/audit")).json() == [f"order {number}: state new -> sent"]


async def test_last_copy_is_ordered_again_unless_the_order_is_rolled_back(shop):
    client, models, receivers = shop
    for name, stock in (("record", 2), ("tape", 1)):
        await client.post("/items", json={"name": name, "stock": stock})

    @models.signals.post_save(models.Order)
    async def no_tapes(sender: Any, instance: Any, **kwargs: Any) -> None:
        if instance.item_id == 2:
            raise receivers.SoldOutError

    async def order(item: int) -> int:
        return (await client.post("/orders", json={"item_id": item})).status_code

    with capture_signals(models.ran_out) as sent:
        assert [await order(1), await order(2), await order(1)] == [201, 409, 201]
    assert [each.sender for each in sent] == [models.Item] * 2
    asked = [text for text in receivers.letters if text.startswith("Please")]
    assert asked == ["Please send more of record"]


def command_line(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "typed_signals", *arguments],
        cwd=EXAMPLES, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_list_names_models_and_receivers():
    shown = command_line("list", "sqlmodel_shop.app")
    for each in ("Order", "take_from_stock", "audit", "thank", "ran_out", "restock", "on commit"):
        assert each in shown


def test_graph_draws_receivers():
    assert "take_from_stock" in command_line("graph", "sqlmodel_shop.app")


def test_check_finds_the_shop_correct():
    command_line("check", "sqlmodel_shop")


def test_check_finds_a_wrong_receiver(tmp_path):
    source = (EXAMPLES / "sqlmodel_shop" / "receivers.py").read_text()
    wrong = source.replace("changed: Mapping[str, Change]", "changes: Mapping[str, Change]")
    assert wrong != source
    folder = tmp_path / "sqlmodel_shop"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "models.py").write_text((EXAMPLES / "sqlmodel_shop" / "models.py").read_text())
    (folder / "receivers.py").write_text(wrong)
    done = subprocess.run(
        [sys.executable, "-m", "typed_signals", "check", "sqlmodel_shop"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "`changes`" in done.stdout.replace("\n", " ")


def test_explain_shows_how_to_connect():
    shown = command_line("explain", "sqlmodel_shop.models:Order.post_update")
    assert "from typed_signals.sqlalchemy import post_update" in shown
    assert "changed: Mapping[str, Change]" in shown


def test_doctor_knows_sqlalchemy():
    done = subprocess.run(
        [sys.executable, "-m", "typed_signals", "doctor", "sqlmodel_shop"],
        cwd=EXAMPLES, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "sqlalchemy 2." in done.stdout, done.stdout + done.stderr
