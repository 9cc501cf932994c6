"""The exceptions and warnings of the package: one base, and names as users import them."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
import tomllib
import traceback
from pathlib import Path

import pytest

import typed_signals
from typed_signals import (
    Signal,
    SignalDefinitionError,
    SignalError,
    SignalLoopError,
    SignalPayloadError,
    UnknownSignalError,
)

ROOT = Path(__file__).parent.parent


def modules(package):
    """The modules of a package that can be imported without other libraries of the checkers."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.startswith(
            ("typed_signals.mypy", "typed_signals.cli", "typed_signals.__")
        ):
            yield module.name


def defined_in(module):
    """The exceptions and warnings that are defined in a module itself."""
    code = inspect.getsource(module)
    for name, value in vars(module).items():
        if inspect.isclass(value) and issubclass(value, BaseException) and f"class {name}" in code:
            yield value


def test_every_exception_derives_from_signal_error():
    pytest.importorskip("ormar")
    pytest.importorskip("opentelemetry")
    found = {
        kind
        for name in modules(typed_signals)
        for kind in defined_in(importlib.import_module(name))
        if not issubclass(kind, Warning)
    }
    assert {SignalDefinitionError, SignalLoopError, SignalPayloadError, UnknownSignalError} < found
    assert [kind for kind in found if not issubclass(kind, SignalError)] == []


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (UnknownSignalError, AttributeError),
        (SignalPayloadError, TypeError),
        (SignalLoopError, RecursionError),
    ],
)
def test_errors_are_also_pythons_own(kind, builtin):
    assert issubclass(kind, SignalError)
    assert issubclass(kind, builtin)


@pytest.mark.parametrize(
    "name", [n for n in typed_signals.__all__ if n.endswith(("Error", "Warning"))]
)
def test_error_is_named_as_users_import_it(name):
    kind = getattr(typed_signals, name)
    assert kind.__module__ == "typed_signals"
    (line,) = traceback.format_exception_only(kind("wrong"))
    assert line == f"typed_signals.{name}: wrong\n"


def test_traceback_of_a_refused_receiver_names_the_public_error():
    code = "from typed_signals import Signal\nSignal().connect(print)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "\ntyped_signals.SignalDefinitionError: " in done.stderr


def test_traceback_of_a_models_receiver_names_the_error_of_its_orm(store):
    from typed_signals import pre_save
    from typed_signals.ormar import install

    install()
    with pytest.raises(SignalDefinitionError) as caught:
        pre_save(store.model("Album"))(print)
    line, *_ = traceback.format_exception_only(caught.value)
    assert line.startswith("typed_signals.ormar.SignalDefinitionError: ")


def test_error_of_a_refused_receiver_lists_its_faults():
    def receiver(): ...

    with pytest.raises(SignalDefinitionError) as caught:
        Signal().connect(receiver)
    assert [fault.code for fault in caught.value.faults] == ["not-async", "no-sender", "no-kwargs"]
    assert SignalDefinitionError("wrong").faults == ()
    assert SignalPayloadError("wrong").mistakes == ()


def test_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert typed_signals.__version__ == project["version"]
