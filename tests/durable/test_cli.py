"""``typed-signals worker`` and ``typed-signals outbox``, as the program that a user calls."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.durable.applications import ANY_ORM, APPS, EVERY_ORM, RECEIVER
from tests.durable.receivers import PATIENCE
from tests.static.command_line import PROGRAM, ROOT, run, write


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    app = APPS[getattr(request, "param", ANY_ORM)]
    write(tmp_path, {"app.py": app + RECEIVER, "bare.py": app})
    return tmp_path


def sell(project: Path, *names: str) -> None:
    code = f"import asyncio, app; asyncio.run(app.sell(*{names!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True, env=environment())


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **more}


def states(project: Path) -> list[str]:
    with sqlite3.connect(project / "shop.db", timeout=30) as connection:
        query = "select state from typed_signals_outbox order by id"
        return [state for (state,) in connection.execute(query)]


class Work:
    """A worker process."""

    def __init__(self, project: Path, *options: str, **more: str) -> None:
        self.project = project
        self.process = subprocess.Popen(
            [PROGRAM, "worker", "app:outbox", "--poll", "0.05", *options],
            cwd=project,
            env=environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until(self, *expected: str) -> None:
        ends = time.monotonic() + PATIENCE
        while (found := states(self.project)) != list(expected):
            assert time.monotonic() < ends, found
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> tuple[str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, err
        return out, err


@pytest.mark.parametrize("project", EVERY_ORM, indirect=True)
def test_worker_handles_events_and_the_outbox_lists_them(project: Path):
    sell(project, "a", "broken")
    work = Work(project)
    work.until("done", "dead")
    out, err = work.stop()
    assert out == "mailed a\n"
    assert "typed-signals: works on mail.receipt\n" in err
    assert "ERROR Event" in err
    assert err.endswith("typed-signals: stopped\n")

    sell(project, "c")
    done = run("outbox", "status", "app:outbox", cwd=project)
    assert done.status == 1  # something is dead
    assert [line.split()[:5] for line in done.out.splitlines()] == [
        ["receiver", "pending", "running", "dead", "done"],
        ["mail.receipt", "1", "0", "1", "1"],
    ]
    [counts] = json.loads(run("outbox", "status", "app:outbox", "--json", cwd=project).out)
    assert counts.pop("oldest") >= 0
    assert counts == {
        "receiver": "mail.receipt",
        "pending": 1, "running": 0, "done": 1, "dead": 1,
        "known": True,
    }  # fmt: skip

    dead = run("outbox", "dead", "app:outbox", cwd=project)
    assert dead.status == 0
    assert dead.out.startswith("2  mail.receipt  1 attempts, given up ")
    assert "ValueError: no such address" in dead.out
    [row] = json.loads(run("outbox", "dead", "app:outbox", "--json", cwd=project).out)
    assert (row["id"], row["receiver"], row["attempts"]) == (2, "mail.receipt", 1)

    retried = run("outbox", "retry", "app:outbox", "2", "2", cwd=project)
    assert (retried.status, retried.out) == (0, "1 to be handled again\n")
    work = Work(project, FIXED="1")
    work.until("done", "done", "done")
    work.stop(signal.SIGINT)
    done = run("outbox", "purge", "app:outbox", "--older-than", "0", cwd=project)
    assert done.out == "3 deleted\n"
    assert run("outbox", "status", "app:outbox", cwd=project).out == "The outbox is empty.\n"
    assert run("outbox", "dead", "app:outbox", cwd=project).out == "Nothing is dead.\n"


def test_worker_that_is_stopped_finishes_what_runs(project: Path):
    sell(project, "slow", "b")
    work = Work(project, "--concurrency", "1")
    assert work.process.stdout
    assert work.process.stdout.readline() == "started\n"
    out, err = work.stop()
    assert out == "mailed slow\n", err
    assert states(project) == ["done", "pending"]


def test_unknown_receivers_are_reported(project: Path):
    sell(project, "a")
    done = run("outbox", "status", "bare:outbox", cwd=project)
    assert done.out.splitlines()[1].endswith("unknown here")
    assert done.status == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["worker", "bare:outbox"], "no durable receiver is connected once `bare:outbox`"),
        (["worker", "app:base"], "`app:base` is no outbox: write `module:outbox`"),
        (["worker", "app:outbox", "--concurrency", "0"], "concurrency=0"),
        (["outbox", "retry", "app:outbox"], "name the events to retry by their ID, or write --all"),
        (["outbox", "retry", "app:outbox", "7"], "1 of the 1 named are not dead"),
    ],
)
def test_bad_arguments_are_one_clear_error(project: Path, arguments: list[str], text: str):
    if "retry" in arguments:
        sell(project)
    done = run(*arguments, cwd=project)
    assert done.status == 2
    assert text in done.err


def test_outbox_without_a_table_is_one_clear_error(project: Path):
    done = run("outbox", "status", "app:outbox", cwd=project)
    assert done.status == 2
    assert "the outbox has no table: " in done.err
    assert "make it with `metadata.create_all()`, or by a migration" in done.err
    assert "no such table" in done.err


def test_database_that_does_not_answer_is_one_clear_error(project: Path):
    app, nobody = project / "app.py", "postgresql+asyncpg://postgres@127.0.0.1:1/postgres"
    app.write_text(app.read_text().replace("sqlite+aiosqlite:///shop.db", nobody))
    done = run("outbox", "status", "app:outbox", cwd=project)
    assert done.status == 2
    assert "the outbox's database does not answer: " in done.err


@pytest.mark.parametrize("arguments", [["worker"], ["outbox", "status"]], ids=["worker", "outbox"])
def test_outbox_that_cannot_be_opened_is_one_clear_error(project: Path, arguments: list[str]):
    broken = """
from typed_signals.durable import DurableError

class Broken(TableOutbox):
    def connected(self):
        raise DurableError("apply the schema")

outbox.__class__ = Broken
"""
    with (project / "app.py").open("a") as app:
        app.write(broken)
    done = run(*arguments, "app:outbox", cwd=project)
    assert done.status == 2
    assert done.err.endswith("typed-signals: apply the schema\n")
    assert "Traceback" not in done.err
