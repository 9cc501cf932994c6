"""What importing the package imports, and that its public names are consistent."""

import ast
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from typing import Any, get_args, get_origin, get_overloads, get_type_hints

import pytest

import typed_signals
from typed_signals import ModelSignals, Signal, _model_decorators, lifecycle
from typed_signals._declared import declared_signals
from typed_signals._durable import durable_receiver
from typed_signals._read_contract import read_contract

CORE = [
    module.name
    for module in pkgutil.iter_modules(typed_signals.__path__, "typed_signals.")
    if not module.ispkg and module.name != "typed_signals.__main__"  # runs, when it is imported
]
EXTRAS = {"typed_signals.tracing"}

IMPORTED = """
import importlib, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def imported_by(*names: str) -> set[str]:
    """The packages that a fresh interpreter has imported after these."""
    command = [sys.executable, "-c", IMPORTED, *names]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return set(json.loads(done.stdout))


def test_core_imports_only_typing_extensions_from_outside():
    core = [name for name in CORE if name not in EXTRAS]
    foreign = imported_by("typed_signals", *core) - sys.stdlib_module_names - {"typed_signals"}
    assert foreign == {"typing_extensions"}


def test_imported_by_finds_what_is_imported():
    assert "typing_extensions" in imported_by("typing_extensions")
    importlib.import_module("ormar")
    assert "ormar" in imported_by("typed_signals.ormar")


def test_public_names_exist_and_are_sorted():
    assert typed_signals.__all__ == sorted(typed_signals.__all__, key=_capitals_first)
    for name in typed_signals.__all__:
        assert getattr(typed_signals, name).__doc__ or name in ("CallNext", "Mode")


def _capitals_first(name: str) -> tuple[bool, str]:
    return name[0].islower(), name


def test_type_checkers_see_the_same_names_as_the_runtime():
    [seen] = [
        node
        for node in ast.parse(inspect.getsource(typed_signals)).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    for node in seen.body:
        assert isinstance(node, ast.ImportFrom)
        assert node.module
        module = importlib.import_module(node.module)
        for each in node.names:
            assert getattr(typed_signals, each.name) is getattr(module, each.name)
    names = {each.name for node in seen.body for each in node.names}
    assert names == set(typed_signals.__all__)
    assert names <= set(dir(typed_signals))


def test_missing_name_raises_as_in_any_module():
    with pytest.raises(
        AttributeError, match=r"^module 'typed_signals' has no attribute 'pre_svae'"
    ):
        typed_signals.pre_svae
    assert not hasattr(typed_signals, "Registry"), "what only a private module has"
    with pytest.raises(ImportError):
        from typed_signals import pre_svae  # noqa: F401 - the import is what fails


def test_what_mypy_loads_does_not_import_asyncio():
    assert "asyncio" not in imported_by("typed_signals", "typed_signals._contract")
    assert "asyncio" in imported_by("typed_signals._signal")


@pytest.mark.parametrize("name", CORE)
def test_module_has_a_docstring_and_its_all_exists(name):
    module: Any = importlib.import_module(name)
    assert module.__doc__
    for each in module.__all__:
        assert hasattr(module, each), f"{name}.__all__ lists {each}"


# --- one contract under one name -----------------------------------------------------------------


def declared() -> dict[str, type]:
    hints = get_type_hints(ModelSignals)
    return {
        name: get_origin(get_args(hint)[0])
        for name, hint in hints.items()
        if get_origin(hint) is Signal
    }


def camel(name: str) -> str:
    return "".join(word.title() for word in name.split("_")) + "Receiver"


def test_eleven_signals_have_a_protocol_and_a_decorator_each():
    names = list(declared())
    assert len(names) == 11
    assert list(ModelSignals()) == names

    protocols = {
        name
        for name, value in vars(lifecycle).items()
        if inspect.isclass(value) and value.__module__ == lifecycle.__name__ and name.isidentifier()
    }
    assert protocols == {*map(camel, names), "ModelSignals"}

    functions = {
        name
        for name, value in vars(_model_decorators).items()
        if inspect.isfunction(value) and value.__module__ == _model_decorators.__name__
    }
    assert functions == {*names} == set(_model_decorators.__all__)
    assert protocols == set(lifecycle.__all__)
    assert protocols | functions <= set(typed_signals.__all__)


@pytest.mark.parametrize("name", declared())
def test_signal_and_decorator_have_the_protocol_of_their_name(name):
    protocol = getattr(lifecycle, camel(name))
    assert declared()[name] is protocol
    assert declared_signals(ModelSignals)[name].protocol is protocol
    assert getattr(typed_signals, camel(name)) is protocol

    decorator = getattr(_model_decorators, name)
    assert getattr(typed_signals, name) is decorator
    *durable, plain = get_overloads(decorator) or [decorator]
    hints = get_type_hints(plain)
    assert get_origin(get_args(hints["return"])[0]) is protocol
    assert bool(durable) == name.startswith("post_")
    expected = durable_receiver(read_contract(protocol).payload)
    for each in durable:
        assert get_origin(get_args(get_type_hints(each)["return"])[0]) is expected


@pytest.mark.parametrize("name", declared())
def test_protocol_documents_its_senders_and_parameters(name):
    protocol = declared()[name]
    documented = inspect.cleandoc(protocol.__doc__ or "")
    assert "\nSent by: " in documented
    arguments = documented.partition("Args:\n")[2]
    explained = [
        line.strip().partition(":")[0] for line in arguments.splitlines() if line[4:5] != " "
    ]
    _, sender, *payload, kwargs = inspect.signature(protocol.__call__).parameters
    assert (sender, kwargs) == ("sender", "kwargs")  # the same for every signal
    assert explained == payload
