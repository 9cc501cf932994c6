"""The command line as a whole: what it costs, needs and says when it cannot run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.static.command_line import ROOT, run, write


def python(code: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_importing_the_package_imports_nothing_of_it() -> None:
    done = python(
        "import sys, typed_signals, typed_signals.ormar\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('click', 'rich', 'packaging') or "
        "m.startswith('typed_signals.cli')])"
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("missing", ["click", "rich", "packaging"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    done = python(
        f"import sys; sys.modules[{missing!r}] = None\nfrom typed_signals.cli import main; main()"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "typed-signals: the command line needs more packages: pip install 'typed-signals[cli]'\n"
    )


def test_every_command_is_in_the_help_and_has_one() -> None:
    done = run("--help")
    commands = ("list", "graph", "explain", "doctor", "check")
    assert done.status == 0
    for command in commands:
        assert re.search(rf"\n  {command} .*[^.]\.\n", done.out), "cut short"
        help_text = run(command, "--help").out
        assert help_text.startswith(f"Usage: typed-signals {command} ")
        imports = " ".join(help_text.split()).count("the code at the top of MODULE runs")
        assert imports == (command in ("list", "graph", "explain"))


MODULES = {
    "empty.py": "",
    "broken.py": "def f(:\n",
    "failing.py": "import json\n\njson.loads('{')\n",
    "leaving.py": "import sys\nsys.exit('not like this')\n",
    "needing.py": "import no_such_package\n",
    "refused.py": (
        "from typed_signals import Signal\n\ndef f(sender): ...\n\nSignal().connect(f)\n"
    ),
    "package/__init__.py": "",
    "package/inner.py": "from . import nothing\n",
    "folder/notes.md": "",
    "notes.txt": "",
    "apart/signals.py": "from typed_signals import Signal\nsold = Signal()\n",
    "house/__init__.py": "",
    "house/app.py": "from typed_signals import Signal\nsold = Signal()\n",
    "select.py": "",
}


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("shop", "there is no module `shop`: name it as Python would import it from "),
        ("package.shop", "there is no module `package.shop`: "),
        ("shop.py", "there is no file `shop.py`"),
        ("", "`` names no module: write `package.module`, `path/to/module.py`, or either with"),
        (":x", "`:x` names no module"),
        ("empty:", "`empty:` names no attribute: write `empty`, or one after the colon"),
        (".", "`.` is a folder, not a module: name a module in it, such as `apart/signals.py`, "),
        ("..", "`..` is a folder, not a module"),
        ("folder", "`folder` is a folder, not a module: name a module"),
        ("folder/", "`folder/` is a folder, not a module: name a module"),
        ("apart", "`apart` is a folder, not a module: name a module in it, such as `apart/signals"),
        ("/", "`/` is a folder, not a module"),
        ("house", "`house` imports no models and no signals: name a module that does, such as `ho"),
        ("package/", "`package` imports no models and no signals"),
        (".empty", "`.empty` is not the name of a module: write `package.module`"),
        ("two words", "`two words` is not the name of a module"),
        ("notes.txt", "`notes.txt` is not the name of a module"),
        ("./notes.txt", "`./notes.txt` is not a Python file"),
        ("sys", "`sys` imports no models and no signals"),
        ("select.py", "`select.py` cannot be imported: `select` is another module already"),
        ("empty", "`empty` imports no models and no signals"),
        ("empty:signals", "`empty` has no `signals`"),
        ("empty:__name__", "`empty:__name__` has no signals: it is neither a model, an emitter"),
        ("broken", "`broken` cannot be imported at broken.py:1: SyntaxError: "),
        ("failing", "`failing` cannot be imported at failing.py:3: JSONDecodeError: "),
        ("leaving", "`leaving` cannot be imported at leaving.py:2: SystemExit: not like this"),
        ("needing", "`needing` cannot be imported at needing.py:1: ModuleNotFoundError: No module"),
        ("refused", "`refused` cannot be imported at refused.py:5: SignalDefinitionError: `refuse"),
        ("package/inner.py", "`package.inner` cannot be imported at package/inner.py:1: ImportEr"),
    ],
)
def test_bad_input_gives_one_clear_sentence(tmp_path: Path, target: str, said: str) -> None:
    done = run("list", target, cwd=write(tmp_path, MODULES))
    assert (done.status, done.out) == (2, "")
    errors = [line for line in done.err.splitlines() if not line.startswith("  ")]
    sentences = [line for line in errors if "typed-signals: imported `" not in line]
    assert len(sentences) == 1
    assert sentences[0].startswith(f"typed-signals: {said}")


def test_modules_to_name_can_be_named_from_here(tmp_path: Path) -> None:
    folder = write(tmp_path, MODULES)
    for given, named in (("apart", "apart/signals.py"), ("house", "house.app")):
        assert f"such as `{named}`" in run("list", given, cwd=folder).err
        assert "sold" in run("list", named, "--all", cwd=folder).out
    assert "such as `../apart/signals.py`" in run("list", "../apart", cwd=folder / "folder").err


def test_module_that_imports_the_others_is_named_first(tmp_path: Path) -> None:
    files = {
        "bikes/__init__.py": "",
        "bikes/app.py": "from bikes import receivers as receivers\n",
        "bikes/receivers.py": RECEIVERS,
        "bikes/signals.py": "from typed_signals import Signal\nsold = Signal()\n",
    }
    folder = write(tmp_path, files)
    for given in ("bikes", "bikes/", "."):
        done = run("list", given, cwd=folder)
        assert "such as `bikes.app`, `bikes.receivers`, `bikes.signals`" in done.err
    assert "bikes.receivers.react" in run("list", "bikes.app", cwd=folder).out


RECEIVERS = """\
from bikes.signals import sold


@sold.connect
async def react(sender: object, **kwargs: object) -> None: ...
"""


@pytest.mark.parametrize(
    ("command", "target", "said"),
    [
        ("explain", "package", "there is no signal `package`: known are pre_save, "),
        (
            "explain",
            ".",
            "`.` is a folder, not a module: name a module in it, such as `apart/signals",
        ),
        ("explain", "./package", "`./package` names a module: add `:attribute`, a signal, model"),
        ("explain", "house.app", "`house.app` names a module: add `:attribute`, a signal, model"),
        ("explain", "folder/notes.md", "`folder/notes.md` is not a Python file"),
        ("check", "house.app", "there is no `house.app`: name files and folders, not modules"),
        ("check", "notes.txt", "`notes.txt` is not a Python file"),
        ("check", "folder", "there is no Python file in `folder`"),
        ("doctor", "house/app.py", "`house/app.py` is a file: name the folder of the project"),
        ("doctor", "shop", "there is no folder `shop`: name the folder of the project"),
    ],
)
def test_wrong_kind_of_target_gives_one_clear_sentence(
    tmp_path: Path, command: str, target: str, said: str
) -> None:
    done = run(command, target, cwd=write(tmp_path, MODULES))
    assert (done.status, done.out) == (2, "")
    errors = [line for line in done.err.splitlines() if "typed-signals: imported `" not in line]
    assert errors[0].startswith(f"typed-signals: {said}")


def test_a_wrong_option_exits_with_2_too() -> None:
    done = run("graph", "shop", "--format", "pdf")
    assert done.status == 2
    assert "'pdf' is not one of 'mermaid', 'dot'" in done.err
