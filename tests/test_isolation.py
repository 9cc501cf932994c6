"""`isolated()` where `install()` and `uninstall()` run inside, and where mocks are connected."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from tests.shop import CONFIG
from typed_signals import ModelSignals, SignalEmitter
from typed_signals.ormar import install, uninstall
from typed_signals.testing import isolated


async def before(sender: type, **kwargs: object) -> None: ...


async def inside(sender: type, **kwargs: object) -> None: ...


def signals_of(model: Any) -> Any:
    return getattr(model, CONFIG).signals


def names(model: Any) -> list[str]:
    signal = signals_of(model)["pre_save"]
    return [each.__name__ for each in signal._receivers.values()]


@pytest.fixture
def model(store: Any) -> Any:
    made = store.model("One")
    install()
    signals_of(made).pre_save.connect(before)
    return made


def test_uninstall_inside_leaves_who_was_connected_before(model: Any):
    with isolated():
        signals_of(model).pre_save.connect(inside)
        uninstall()
    assert not isinstance(signals_of(model), ModelSignals)
    assert names(model) == ["before"]


def test_reinstall_inside_leaves_who_was_connected_before(model: Any):
    with isolated():
        signals_of(model).pre_save.connect(inside)
        uninstall()
        assert names(model) == ["before", "inside"]
        install(mode="strict")
        signals_of(model).pre_save.disconnect(before)
        assert names(model) == ["inside"]
    assert names(model) == ["before"]


def test_install_and_uninstall_inside_leave_ormars_own_signals_as_they_were(store: Any):
    model = store.model("One")
    signals_of(model)["pre_save"].connect(before)
    with isolated():
        install()
        signals_of(model).pre_save.connect(inside)
        uninstall()
    assert names(model) == ["before"]
    with isolated():
        install()
        signals_of(model).pre_save.connect(inside)
    assert isinstance(signals_of(model), ModelSignals)
    assert names(model) == ["before"]


def test_receiver_of_module_imported_inside_stays_also_after_uninstall(
    model: Any, monkeypatch: pytest.MonkeyPatch
):
    module = types.ModuleType("receivers_imported_inside")

    async def imported(sender: type, **kwargs: object) -> None: ...

    imported.__module__ = module.__name__
    with isolated():
        monkeypatch.setitem(sys.modules, module.__name__, module)
        signals_of(model).pre_save.connect(imported)
        signals_of(model).pre_save.connect(inside)
        uninstall()
    assert names(model) == ["before", "imported"]


def test_mock_is_disconnected_also_if_its_module_was_first_imported_inside(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "from typed_signals import Signal\n"
        "from typed_signals.testing import isolated\n"
        "signal = Signal()\n"
        "assert 'unittest.mock' not in sys.modules\n"
        "with isolated():\n"
        "    from unittest.mock import AsyncMock\n"
        "    signal.connect(AsyncMock())\n"
        "    assert signal.has_receivers\n"
        "assert not signal.has_receivers\n"
    )
    subprocess.run([sys.executable, program], check=True, timeout=60)


def test_signal_in_two_emitters_is_put_back_once():
    class One(SignalEmitter[Any]): ...

    one, other = One(), One()
    other.shared = one.shared
    one.shared.connect(before)
    with isolated():
        other.shared.connect(inside)
        one.shared.disconnect(before)
    assert other.shared.receivers == (before,)
