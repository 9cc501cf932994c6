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
        (".", "`.` is a folder, not a module: name a module in it, such as `refused`"),
        ("..", "`..` is a folder, not a module"),
        ("folder", "`folder` is a folder, not a module: name a module"),
        ("folder/", "`folder/` is a folder, not a module: name a module"),
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


def test_a_wrong_option_exits_with_2_too() -> None:
    done = run("graph", "shop", "--format", "pdf")
    assert done.status == 2
    assert "'pdf' is not one of 'mermaid', 'dot'" in done.err
