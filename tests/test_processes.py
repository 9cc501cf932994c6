"""Models with signals in other processes, and modules that are reloaded."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import lanes
from typed_signals import Signal

needs_ormar = pytest.mark.skipif(not lanes.ORMAR, reason="needs ormar")
ROOT = Path(__file__).parent.parent

SHOP = """
import asyncio
import multiprocessing
import sys
from pathlib import Path

from tests.shop import CONFIG, Store
from typed_signals.ormar import install, post_save

store = Store.sqlite(Path(sys.argv[0]).parent / f"{multiprocessing.current_process().name}.db")
install()
Album = store.model("Album")
called = []


@post_save(Album)
async def note(sender, instance, **kwargs):
    called.append((sender is Album, instance.name))


async def save():
    async with store.opened():
        await Album(name="one").save()


def run(results):
    asyncio.run(save())
    results.put((called, len(getattr(Album, CONFIG).signals.post_save.receivers)))


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    results = context.Queue()
    process = context.Process(target=run, args=(results,))
    process.start()
    print(results.get(timeout=60))
    process.join(60)
    sys.exit(process.exitcode)
"""


@needs_ormar
@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_models_send_their_signals_in_another_process(tmp_path: Path, method: str):
    program = tmp_path / "program.py"
    program.write_text(SHOP)
    run = subprocess.run(
        [sys.executable, program, method],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stdout == "([(True, 'one')], 1)\n", run.stderr
    assert run.returncode == 0


FORK = """
import os, signal, threading
from typed_signals import Signal
from typed_signals.ormar import install

sent = Signal()
held = threading.Event()


async def receive(sender, **kwargs): ...


def hold():
    from typed_signals._registry import lock
    with lock:
        held.set()
        threading.Event().wait(0.5)


threading.Thread(target=hold).start()
held.wait(10)
child = os.fork()
if not child:
    signal.alarm(10)  # ends a child that waits for ever
    install()
    sent.connect(receive)
    os._exit(len(sent.receivers))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
"""


@needs_ormar
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_child_can_connect_although_another_thread_did_so_while_it_was_forked():
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], check=True, timeout=60)


# --- reloading -----------------------------------------------------------------------------------

RECEIVERS = """
from tests.test_processes import reloaded

@reloaded.connect
async def receive(sender, **kwargs): ...
"""

reloaded: Signal = Signal()


def test_reloaded_module_connects_its_receivers_beside_those_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "reloaded_receivers.py").write_text(RECEIVERS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "reloaded_receivers", raising=False)
    module: Any = importlib.import_module("reloaded_receivers")
    importlib.reload(module)
    assert len(reloaded.receivers) == 2
    reloaded.disconnect_all()  # as the docstring of `connect` says
    importlib.reload(module)
    assert reloaded.receivers == (module.receive,)
    reloaded.disconnect_all()
    assert "disconnect_all" in (Signal.connect.__doc__ or "")
