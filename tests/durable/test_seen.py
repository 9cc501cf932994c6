"""Durable receivers are seen in ``typed-signals list``, ``graph`` and ``explain``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.durable.applications import ANY_ORM, APPS, RECEIVER
from tests.static.command_line import run, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    wrong = "\nasync def wrong(sender, order, **kwargs): ...\n"
    return write(tmp_path, {"app.py": APPS[ANY_ORM] + RECEIVER + wrong})


def test_list_names_them_and_finds_nothing_wrong_with_them(project: Path):
    done = run("list", "app", "--strict", cwd=project)
    assert done.status == 0
    assert "durable: mail.receipt" in done.out
    assert "Nothing looks wrong" in done.out
    data = json.loads(run("list", "app", "--json", cwd=project).out)
    [order] = [sender for sender in data["senders"] if sender["name"] == "Order"]
    [found] = [each for signal in order["signals"] for each in signal["receivers"]]
    assert found["sequential"] is None
    assert found["durable"] == {
        "name": "mail.receipt", "payload": None, "version": 1, "has_key": False,
        "retries": 0, "timeout": 30.0, "atomic": False,
    }  # fmt: skip


def test_graph_marks_them(project: Path):
    assert "-->|durable|" in run("graph", "app", cwd=project).out


def test_explain_checks_them_by_what_arrives(project: Path):
    done = run("explain", "app:send_receipt", cwd=project)
    assert done.status == 0
    words = " ".join(done.out.split())
    assert "keeps the contract of `post_save` of Order, durably as `mail.receipt`." in words
