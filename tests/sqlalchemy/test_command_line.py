"""The command line on a project with SQLAlchemy, as somebody sees it who has no ormar."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import lanes
from tests.durable.applications import APPS
from tests.static.command_line import run, write

without_ormar = pytest.mark.skipif(lanes.ORMAR != "", reason="about a project without ormar")

RECEIVERS = """
from shop.models import Order, outbox as outbox
from typed_signals.durable import Durable
from typed_signals.sqlalchemy import post_save

@post_save(Order)
async def note(sender: type[Order], instance: Order, **kwargs: object) -> None: ...

@post_save(Order, durable=Durable("mail"))
async def mail(sender: type[Order], instance: Order | None, **kwargs: object) -> None: ...
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {"shop/models.py": APPS["sqlalchemy"], "shop/receivers.py": RECEIVERS}
    return write(tmp_path, {".git/HEAD": "", "shop/__init__.py": "", **files})


def test_list_graph_and_explain_know_the_models(project: Path) -> None:
    listed = run("list", "shop.receivers", cwd=project)
    assert listed.status == 0
    assert "shop.receivers.note  shop/receivers.py:6" in listed.out
    assert "What looks wrong" not in listed.out
    drawn = run("graph", "shop.receivers", cwd=project)
    assert (drawn.status, "receivers.note" in drawn.out) == (0, True)
    explained = run("explain", "shop.models:Order.post_update", cwd=project)
    assert "from typed_signals.sqlalchemy import post_update" in explained.out
    for each in (listed, drawn, explained):
        assert "ormar" not in each.out + each.err


def test_check_finds_a_mistake_and_nothing_else(project: Path) -> None:
    good = run("check", "shop", cwd=project)
    assert (good.status, good.out) == (0, ""), good.out
    wrong = RECEIVERS.replace("instance: Order,", "instances: Order,")
    write(project, {"shop/receivers.py": wrong})
    bad = run("check", "shop", cwd=project)
    assert bad.status == 1
    assert "requires `instances`" in " ".join(bad.out.split())
    assert "ormar" not in good.err + bad.out + bad.err


def test_folder_of_plain_models_names_a_module(tmp_path: Path) -> None:
    models = "from sqlmodel import SQLModel\n"
    write(tmp_path, {"shop/__init__.py": "", "shop/models.py": models})
    assert "such as `shop.models`" in run("list", "shop", cwd=tmp_path).err


# --- doctor --------------------------------------------------------------------------------------

PLUGINS = "[mypy]\nplugins = pydantic.mypy, typed_signals.mypy\n"


@without_ormar
def test_doctor_does_not_speak_of_ormar(project: Path) -> None:
    done = run("doctor", write(project, {"mypy.ini": PLUGINS}))
    assert "ok    sqlalchemy 2.0." in done.out
    assert "ormar" not in done.out
    assert (done.status, done.err) == (0, "")


@without_ormar
def test_doctor_still_says_that_an_imported_ormar_is_missing(project: Path) -> None:
    done = run("doctor", write(project, {"mypy.ini": PLUGINS, "shop/old.py": "import ormar\n"}))
    assert "BAD   ormar is not installed here, but shop/old.py imports it" in done.out
    assert done.status == 1


HOOK = """\
repos:
  - repo: https://example.com/mirrors-mypy
    hooks:
      - id: mypy
        additional_dependencies: [{named}]
"""


@pytest.mark.parametrize(
    ("imports", "named", "missing"),
    [
        ("sqlalchemy", "typed-signals", "sqlalchemy"),
        ("sqlalchemy", "typed-signals, sqlalchemy", ""),
        ("sqlmodel", "typed-signals, sqlalchemy", "sqlmodel"),
        ("sqlalchemy, sqlmodel", "typed-signals, sqlmodel", ""),
    ],
)
def test_doctor_finds_a_hook_without_the_orm_that_the_project_imports(
    tmp_path: Path, imports: str, named: str, missing: str
) -> None:
    config = {".pre-commit-config.yaml": HOOK.format(named=named)}
    write(tmp_path, {".git/HEAD": "", "shop/models.py": f"import {imports}\n", **config})
    out = run("doctor", tmp_path).out
    said = f"BAD   the mypy hook in .pre-commit-config.yaml runs without {missing}\n"
    assert (said in out) is bool(missing)
    assert ("additional_dependencies: [" in out) is bool(missing)
