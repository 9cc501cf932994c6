"""The stubs add the signals' types to ormar's own and hide nothing of ormar, on any lane."""

import ast
import inspect
import json
import os
import re
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

import pytest

import typed_signals
from typecheck.checkers import BIN, ROOT, python_of
from typecheck.markers import LANES
from typed_signals import decorators

STUBS = ROOT / "stubs" / "ormar-stubs"

MODULES = {
    ".".join(("ormar", *path.relative_to(STUBS).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(STUBS.rglob("*.pyi"))
}

# Told of each stubbed module by the lane's own Python: its public names, and how its classes and
# functions are called.
LOOK = """
import importlib, inspect, json, sys

def parameters(value):
    try:
        return [str(p.kind.value) + p.name for p in inspect.signature(value).parameters.values()]
    except (TypeError, ValueError):
        return None

told = {}
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
    told[name] = {key: parameters(getattr(module, key)) for key in sorted(public)}
signal = importlib.import_module("ormar.signals.signal").Signal
told["Signal"] = {
    key: parameters(value) for key, value in vars(signal).items() if not key.startswith("_")
}
print(json.dumps(told))
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
            case ast.AnnAssign(target=ast.Name(name)):
                names.add(name)
    return {name for name in names if not name.startswith("_")}


def test_the_stubs_are_partial_and_leave_ormar_its_own_front():
    # pyright wants the line end; and a stub of `ormar` itself would have to be complete.
    assert (STUBS / "py.typed").read_bytes() == b"partial\n"
    assert not (STUBS / "__init__.pyi").exists()


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("module", MODULES)
def test_a_stub_has_every_public_name_of_its_module(lane, module):
    assert set(ormar_of(lane)[module]) - names_of(MODULES[module]) == set()


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
        ours = list(inspect.signature(getattr(decorators, name)).parameters.values())
        assert [f"{p.kind.value}{p.name}" for p in ours[:-1]] == parameters
        assert (ours[-1].name, ours[-1].kind) == ("options", inspect.Parameter.VAR_KEYWORD)


def test_the_decorators_of_the_stub_are_ours_without_the_options():
    def written(path: Path) -> dict[str, str]:
        source = (
            path.read_text().replace(", **options: Unpack[ConnectOptions]", "").replace("_M", "M")
        )
        defined = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
        return {
            node.name: f"{ast.unparse(node.args)} -> {ast.unparse(node.returns or node)}"
            for node in defined
            if not node.name.startswith("_")
        }

    ours = written(Path(decorators.__file__))
    assert written(MODULES[DECORATORS]) == ours
    assert set(ours) == set(decorators.__all__) - {"Connector"}


@pytest.mark.parametrize("lane", LANES)
def test_a_signal_has_all_that_ormars_has_and_is_called_like_it(lane):
    for name, parameters in ormar_of(lane)["Signal"].items():
        ours = inspect.signature(getattr(typed_signals.Signal, name)).parameters
        theirs = {parameter[1:] for parameter in parameters or ()} - {"self", "kwargs"}
        assert theirs <= set(ours), name


def test_models_and_their_options_are_ormars_with_something_added():
    tree = ast.parse(MODULES["ormar.models"].read_text())
    origin = {
        each.asname: f"{node.module}.{each.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for each in node.names
        if each.asname
    }
    added = {
        node.name: origin[ast.unparse(node.bases[0])]
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    assert added == {
        "Model": "ormar.models.model.Model",
        "OrmarConfig": "ormar.models.ormar_config.OrmarConfig",
    }
    handed_on = {name: path for name, path in origin.items() if not name.startswith("_")}
    assert all(path.startswith("ormar.models.") for path in handed_on.values())


# --- stubtest: mypy's own comparison with what is there at run time -------------------------------

# What it says about the stubbed modules, and why that is right.
KNOWN = {
    "ormar.models.Model.__name__": "of every pydantic model; ormar's own types lack it as well",
    "ormar.models.OrmarConfig.__get__": "how the options learn of their model, in types alone",
    "ormar.models.OrmarConfig.__set__": "with `__get__`: it can still be assigned",
    "ormar.models.OrmarConfig.copy": "has the parameters of ormar's `copy`, taken from there",
    "ormar.models.OrmarConfig.signals": "a property in the stub, so that it overrides ormar's",
}


@pytest.mark.slow
def test_stubtest_finds_nothing_but_what_is_known():
    # ormar's own types of the fields are not what they are at run time; see below.
    modules = [module for module in MODULES if module != "ormar.fields.model_fields"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--concise", *modules],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    told = {line.split(" ")[0] for line in done.stdout.splitlines()}
    of_stubs = {
        each
        for each in told
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
    told = {}
    for module in ("ours", "theirs"):
        lines = ["import enum", f"import {module} as fields", "flag: bool", "Colour = enum.Enum"]
        lines += [f"reveal_type(fields.{call})" for call in sorted(calls)]
        told[module] = _mypy(tmp_path / f"of_{module}.py", "\n".join(lines), MYPYPATH=str(tmp_path))
    assert len(told["ours"]) > len(calls) / 2
    assert told["ours"] == told["theirs"]
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
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        (each["line"], each["message"] if "Revealed" in each["message"] else each["code"])
        for each in told
        if each["severity"] == "error" or "Revealed" in each["message"]
    }


# --- ordinary code --------------------------------------------------------------------------------

# Code that has nothing to do with signals; every line is one on which a type can be lost.
ORDINARY = """
from typing import Optional
import ormar
import sqlalchemy

base = ormar.OrmarConfig(metadata=sqlalchemy.MetaData(), tablename="base")

class Album(ormar.Model):
    ormar_config = base.copy(tablename="albums", order_by=["name"])
    id: int = ormar.Integer(primary_key=True)
    name: str = ormar.String(max_length=100)
    note: Optional[str] = ormar.String(max_length=100, nullable=True)

class Track(ormar.Model):
    ormar_config = base.copy()
    id: int = ormar.Integer(primary_key=True)
    album: Optional[Album] = ormar.ForeignKey(Album)

async def use(album: Album, track: Track, model: type[ormar.Model]) -> None:
    Album(id=1, name="a")
    reveal_type(album.id)
    reveal_type(album.pk)
    reveal_type(album.note)
    reveal_type(track.album)
    reveal_type(Album.objects)
    reveal_type(await Album.objects.get(name="a"))
    reveal_type(await Album.objects.filter(name="a").all())
    reveal_type(await Album.objects.create(name="a"))
    reveal_type(await album.save())
    reveal_type(await album.update(name="b"))
    reveal_type(await album.delete())
    reveal_type(await album.load_all())
    reveal_type(album.model_dump())
    reveal_type(album.saved)
    reveal_type(album.ormar_config.tablename)
    reveal_type(album.ormar_config.metadata)
    reveal_type(album.ormar_config.order_by)
    reveal_type(album.ormar_config.model_fields)
    reveal_type(album.ormar_config.table)
    reveal_type(model.ormar_config.abstract)
    reveal_type(base.tablename)
    reveal_type(ormar.and_(name="a"))
    reveal_type(ormar.NoMatch)
    reveal_type(ormar.QuerySet)
    reveal_type(ormar.Undefined)
    reveal_type(ormar.ExcludableItems)
    reveal_type(ormar.UniqueColumns("name"))
    base.copy(tablename=3)
    base.copy(no_such_option=3)
    ormar.OrmarConfig(tablename=3)
    ormar.no_such_thing
    album.ormar_config.no_such_option
    album.name + 3
    await album.save(3)
    ormar.String(max_length="a")
"""


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "mypy with pydantic", "pyright", "ty", "pyrefly"])
def test_ordinary_code_reads_the_same_with_and_without_the_stubs(checker, tmp_path):
    path = tmp_path / "ordinary.py"
    path.write_text(ORDINARY)
    bare = tmp_path / "bare"
    venv.create(bare, symlinks=True)
    [ours] = (BIN.parent / "lib").glob("*/site-packages")
    [theirs] = bare.glob("lib/*/site-packages")
    # A path file inside a folder that a path file names is not read: so, everything but this
    # package and its stubs.
    (theirs / "current.pth").write_text(f"{ours}\n")
    with_stubs = _told_of(checker, path, BIN.parent)
    without = _told_of(checker, path, bare)
    assert len(without) > 30
    if checker == "pyrefly":  # which wants `pk` of every new instance, but for the stubs
        made = ORDINARY.splitlines().index('    Album(id=1, name="a")') + 1
        assert without.pop(f"{made}:10") == "an error"
    # More may be known than before, but nothing less and nothing else.
    known = {place: text for place, text in without.items() if not _UNKNOWN.search(text)}
    assert {place: with_stubs[place] for place in known} == known
    assert set(with_stubs) == set(without)


_UNKNOWN = re.compile(r"\b(?:Unknown|Any)\W*$")


def _told_of(checker: str, path: Path, environment: Path) -> dict[str, str]:
    """The revealed type, or that there is an error, by place."""
    python = environment / "bin" / "python"
    cache = ROOT / ".mypy_cache" / f"stubs-{environment.name}"
    mypy = ["mypy", "--strict", f"--cache-dir={cache}", "--show-column-numbers",
            f"--python-executable={python}"]  # fmt: skip
    plugin = path.with_name("pydantic.ini")
    plugin.write_text("[mypy]\nplugins = pydantic.mypy\n")
    command = {
        "mypy": [*mypy, "--config-file="],
        "mypy with pydantic": [*mypy, f"--config-file={plugin}"],
        "pyright": ["pyright", f"--pythonpath={python}"],
        "ty": ["ty", "check", f"--python={environment}", "--output-format=concise"],
        "pyrefly": ["pyrefly", "check", "--preset=default", "--output-format=min-text",
                    f"--python-interpreter-path={python}"],
    }[checker]  # fmt: skip
    done = subprocess.run(
        [BIN / command[0], *command[1:], path.name],
        capture_output=True, text=True, check=False, cwd=path.parent,
    )  # fmt: skip
    told: dict[str, str] = {}
    for place, text in re.findall(rf"{path.name}:((?:\d+:\d+)?)(.*)$", done.stdout, re.MULTILINE):
        reveals = "evealed type" in text or "Type of" in text
        # A model and its options are now those that are made of ormar's.
        said = re.sub(r"ormar\.models\.(?:model|ormar_config)\.", "ormar.models.", text)
        told[place] = said if reveals else told.get(place, "") + "an error"
    return told
