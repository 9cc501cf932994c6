"""The stubs add the signals' types to ormar's own and hide nothing of ormar, on any lane."""

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import typed_signals
from typecheck.checkers import BIN, ROOT, python_of
from typecheck.markers import LANES
from typed_signals import _decorators, _model_decorators

STUBS = ROOT / "stubs" / "ormar-stubs"

MODULES = {
    ".".join(("ormar", *path.relative_to(STUBS).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(STUBS.rglob("*.pyi"))
    if path.name == "__init__.pyi" or not path.name.startswith("_")
}

# Run in each lane. Prints for each stubbed module its public names, and how its classes and
# functions are called.
LOOK = """
import importlib, inspect, json, sys

def parameters(value):
    try:
        return [str(p.kind.value) + p.name for p in inspect.signature(value).parameters.values()]
    except (TypeError, ValueError):
        return None

reported = {}
for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError:
        continue
    public = set(getattr(module, "__all__", ()))
    public |= {
        key for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == name
    }
    reported[name] = {key: parameters(getattr(module, key)) for key in sorted(public)}
signal = importlib.import_module("ormar.signals.signal").Signal
reported["Signal"] = {
    key: parameters(value) for key, value in vars(signal).items() if not key.startswith("_")
}
print(json.dumps(reported))
"""


@cache
def ormar_of(lane: str) -> dict[str, dict[str, list[str] | None]]:
    if not python_of(lane).exists():
        pytest.skip(f"this lane is not set up; `make {lane}` does it")
    done = subprocess.run(
        [python_of(lane), "-W", "ignore", "-c", LOOK, *MODULES],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def names_of(stub: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(stub.read_text()).body:
        match node:
            case ast.ImportFrom():
                names |= {each.asname for each in node.names if each.asname}
            case ast.ClassDef() | ast.FunctionDef():
                names.add(node.name)
            case ast.AnnAssign(target=ast.Name(name)) | ast.Assign(targets=[ast.Name(name)]):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


def test_the_stubs_are_partial_and_leave_ormar_its_own_front():
    # pyright wants the line end; and a stub of `ormar` itself would have to be complete.
    assert (STUBS / "py.typed").read_bytes() == b"partial\n"
    assert not (STUBS / "__init__.pyi").exists()


# The helpers of ormar's metaclass are of no interest here; the stub answers for any name.
ANY_NAME = {"ormar.models.metaclass"}


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("module", sorted(MODULES.keys() - ANY_NAME))
def test_a_stub_has_every_public_name_of_its_module(lane, module):
    assert set(ormar_of(lane).get(module, ())) - names_of(MODULES[module]) == set()


def test_the_stubs_have_no_name_that_no_ormar_has():
    everywhere = {
        (module, name)
        for lane in LANES
        for module in MODULES
        for name in ormar_of(lane).get(module, ())
    }
    in_stubs = {(module, name) for module, path in MODULES.items() for name in names_of(path)}
    assert in_stubs - everywhere == set()


DECORATORS = "ormar.decorators.signals"


@pytest.mark.parametrize("lane", LANES)
def test_the_decorators_are_called_as_ormars_are(lane):
    for name, parameters in ormar_of(lane)[DECORATORS].items():
        ours = list(inspect.signature(getattr(typed_signals, name)).parameters.values())
        added = {p.name for p in ours if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}
        assert added <= {"durable"}
        by_ormar = [f"{p.kind.value}{p.name}" for p in ours[:-1] if p.name not in added]
        assert by_ormar == parameters
        assert (ours[-1].name, ours[-1].kind) == ("options", inspect.Parameter.VAR_KEYWORD)


def test_the_decorators_of_the_stub_are_ours_without_the_options():
    def written(path: Path) -> dict[str, str]:
        source = path.read_text()
        for variable in ("_M", "Model"):  # but not in `ModelSignals`
            source = re.sub(rf"\b{variable}\b", "M", source)
        found: dict[str, str] = {}
        for node in ast.parse(source).body:
            if not isinstance(node, ast.FunctionDef) or node.name in {"make_connector", *found}:
                continue
            form = f"{ast.unparse(node.args)} -> {ast.unparse(node.returns or node)}"
            if not node.name.startswith("_") and "durable: " not in form:  # an overload
                found[node.name] = form.replace(", **options: Unpack[ConnectOptions]", "")
        return found

    ours = written(Path(_decorators.__file__)) | written(Path(_model_decorators.__file__))
    assert written(MODULES[DECORATORS]) == ours
    assert set(ours) <= set(typed_signals.__all__)


@pytest.mark.parametrize("lane", LANES)
def test_a_signal_has_all_that_ormars_has_and_is_called_like_it(lane):
    for name, parameters in ormar_of(lane)["Signal"].items():
        ours = inspect.signature(getattr(typed_signals.Signal, name)).parameters
        theirs = {parameter[1:] for parameter in parameters or ()} - {"self", "kwargs"}
        assert theirs <= set(ours), name


# --- the options of a model, which are ormar's in other words ------------------------------------

# What `OrmarConfig` is in a lane's own ormar: its attributes, and the parameters of what is called,
# each with the default it has. ormar's annotations are compared by stubtest, below.
LOOK_AT_CONFIG = """
import ast, inspect, json
import ormar

found = {}
for name in ("OrmarConfig", "ModelMeta"):
    cls = getattr(ormar, name, None)
    if cls is None:
        continue
    tree = ast.parse(inspect.getsource(cls))
    attributes = {
        node.target.attr if isinstance(node.target, ast.Attribute) else node.target.id
        for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)
    }
    attributes |= {
        target.attr
        for node in ast.walk(tree) if isinstance(node, ast.Assign)
        for target in node.targets if isinstance(target, ast.Attribute)
    }
    calls = {
        key: {
            p.name: "" if p.default is p.empty else
            repr(p.default) if p.default is None or isinstance(p.default, bool) else "..."
            for p in inspect.signature(getattr(cls, key)).parameters.values()
        }
        for key in ("__init__", "copy") if hasattr(cls, "copy")
    }
    found[name] = {"attributes": sorted(attributes), "calls": calls}
print(json.dumps(found))
"""


def _in_the_stub(module: str, name: str) -> tuple[set[str], dict[str, dict[str, str]]]:
    """The attributes of a class in a stub, and the parameters of its methods, with defaults."""
    classes = {
        node.name: node
        for each in ("ormar.models.ormar_config", module)
        for node in ast.parse(MODULES[each].read_text()).body
        if isinstance(node, ast.ClassDef)
    }
    attributes: set[str] = set()
    calls: dict[str, dict[str, str]] = {}
    for node in (*classes["_Options"].body, *classes[name].body):
        match node:
            case ast.AnnAssign(target=ast.Name(attribute)):
                attributes.add(attribute)
            case ast.FunctionDef(name=method, args=args, decorator_list=[]):
                filled: list[ast.expr | None] = [*args.defaults]
                given = [None] * (len(args.args) - len(filled)) + filled
                calls[method] = {
                    each.arg: ast.unparse(default) if default else ""
                    for each, default in zip(args.args, given, strict=True)
                }
            case ast.FunctionDef(name=attribute):
                attributes.add(attribute)
            case _:
                pass
    return {each for each in attributes if not each.startswith("_")}, calls


@pytest.mark.parametrize("lane", LANES)
def test_the_options_of_a_model_are_ormars(lane):
    """Newer ormars have more of them; the stub has those of the newest, which takes the most."""
    if not python_of(lane).exists():
        pytest.skip(f"this lane is not set up; `make {lane}` does it")
    done = subprocess.run(
        [python_of(lane), "-W", "ignore", "-c", LOOK_AT_CONFIG],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    [(name, theirs)] = json.loads(done.stdout).items()
    module = "ormar.models.ormar_config" if name == "OrmarConfig" else "ormar.models.metaclass"
    attributes, calls = _in_the_stub(module, name)
    if lane == "databases":
        assert set(theirs["attributes"]) - attributes == set()
    else:
        assert set(theirs["attributes"]) == attributes
    for method, parameters in theirs["calls"].items():
        if lane == "current":
            assert list(calls[method]) == list(parameters)
        assert parameters.items() <= calls[method].items()


def test_models_are_ormars_with_something_added():
    tree = ast.parse(MODULES["ormar.models"].read_text())
    origin = {
        each.asname: f"{node.module}.{each.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for each in node.names
        if each.asname
    }
    bases = {
        node.name: ast.unparse(node.bases[0])
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    assert origin[bases[bases["Model"]]] == "ormar.models.model.Model"
    assert {name for name in bases if not name.startswith("_")} == {"Model"}
    handed_on = {name: path for name, path in origin.items() if not name.startswith("_")}
    assert all(path.startswith("ormar.models.") for path in handed_on.values())


# --- stubtest: mypy's own comparison with what is there at run time -------------------------------

# What it says about the stubbed modules, and why that is right.
CONFIG = "ormar.models.ormar_config.OrmarConfig"
METACLASS = "ormar.models.metaclass.ModelMetaclass"
KNOWN = {
    "ormar.models.Model.__name__": "of every pydantic model; ormar's own types lack it, too",
    f"{CONFIG}.__get__": "how the options learn of their model, in types alone",
    f"{CONFIG}.__set__": "with `__get__`: it can still be assigned",
    f"{CONFIG}._exactly": "lets `__get__` distinguish ormar's own class from a user's subclass",
    f"{CONFIG}.signals": "a property in the stub, so that only an emitter can be assigned",
    f"{METACLASS}.__init__": "that of `type`; else pyright makes one up",
    f"{METACLASS}.__new__": "pydantic's, whose parameters have other names",
    "ormar.models.metaclass.ModelMeta": "of ormar 0.12 alone",
}


@pytest.mark.slow
def test_stubtest_finds_nothing_but_what_is_known():
    # ormar's own types of the fields are not what they are at run time; see below.
    modules = [module for module in MODULES if module != "ormar.fields.model_fields"]
    inside = tuple(f"{module}." for module in modules)  # comes along with its package
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--concise",
         *(module for module in modules if not module.startswith(inside))],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    reported = {line.split(" ")[0] for line in done.stdout.splitlines()}
    of_stubs = {
        each
        for each in reported
        for module in modules
        if each.startswith(f"{module}.")
        and each.removeprefix(f"{module}.").split(".")[0] in names_of(MODULES[module])
    }
    assert of_stubs == set(KNOWN), done.stdout + done.stderr


# --- the fields, whose types are ormar's in other words -------------------------------------------

FIELDS = {
    "Boolean": "", "Integer": "", "BigInteger": "", "SmallInteger": "", "Float": "", "Text": "",
    "Date": "", "DateTime": "", "Time": "", "JSON": "", "UUID": "",
    "String": "max_length=3", "Decimal": "max_digits=3, decimal_places=1",
    "LargeBinary": "max_length=3", "Enum": "Colour",
}  # fmt: skip
WAYS = [
    "", "nullable=True", "nullable=False", "nullable=flag", "nullable=None", "unknown=1",
    "primary_key=True, default=3", "represent_as_base64_str=True", "represent_as_base64_str=False",
    "represent_as_base64_str=flag",
]  # fmt: skip


def test_the_fields_have_ormars_own_types(tmp_path):
    [theirs] = (BIN.parent / "lib").glob("*/site-packages/ormar/fields/model_fields.pyi")
    (tmp_path / "theirs.pyi").write_text(theirs.read_text())
    (tmp_path / "ours.pyi").write_text(MODULES["ormar.fields.model_fields"].read_text())
    calls = {
        f"{field}({', '.join(filter(None, arguments))})"
        for field, needed in FIELDS.items()
        for way in WAYS
        for arguments in ([needed, way], [way], ["3", way])
    }
    reported = {}
    for module in ("ours", "theirs"):
        lines = ["import enum", f"import {module} as fields", "flag: bool", "Colour = enum.Enum"]
        lines += [f"reveal_type(fields.{call})" for call in sorted(calls)]
        reported[module] = _mypy(
            tmp_path / f"of_{module}.py", "\n".join(lines), MYPYPATH=str(tmp_path)
        )
    assert len(reported["ours"]) > len(calls) / 2
    assert reported["ours"] == reported["theirs"]
    assert set(FIELDS) == {
        node.name
        for node in ast.parse(theirs.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }


def _mypy(path: Path, code: str, **environment: str) -> set[tuple[int, str]]:
    """What mypy says of each line: the revealed type, or the kind of the error."""
    path.write_text(code)
    done = subprocess.run(
        [BIN / "mypy", "--config-file=", "--strict", "--output=json", path],
        capture_output=True, text=True, check=False, cwd=path.parent,
        env={**os.environ, **environment},
    )  # fmt: skip
    reported = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        (each["line"], each["message"] if "Revealed" in each["message"] else each["code"])
        for each in reported
        if each["severity"] == "error" or "Revealed" in each["message"]
    }
