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


def imported_modules():
    """The modules of the package, without those that need a library that is not installed."""
    for module in pkgutil.walk_packages(typed_signals.__path__, "typed_signals."):
        # The command line has exceptions of its own, and `__main__` runs when it is imported.
        if module.name.startswith(("typed_signals.cli", "typed_signals.__main__")):
            continue
        try:
            yield importlib.import_module(module.name)
        except ImportError as error:
            if "typed_signals" in str(error.name):
                raise


def defined_in(module):
    """The exceptions and warnings that a module itself defines."""
    code = inspect.getsource(module)
    for name, value in vars(module).items():
        if inspect.isclass(value) and issubclass(value, BaseException) and f"class {name}" in code:
            yield value


def test_every_exception_derives_from_signal_error():
    kinds = {kind for module in imported_modules() for kind in defined_in(module)}
    found = {kind for kind in kinds if not issubclass(kind, Warning)}
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
