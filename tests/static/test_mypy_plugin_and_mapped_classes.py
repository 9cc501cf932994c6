"""What the plugin says of a mapped class does not depend on who imports `typed_signals.sqlalchemy`.

The case is checked in a program of its own, which never does, with mypy's cache and without it; and
beside modules that do, whichever of them mypy reads first.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.static.mypy_program import CONFIG, Mypy
from typecheck.markers import HERE, expectations

CASE = HERE / "cases" / "sqlalchemy" / "core_decorators.py"
MODELS = HERE / "shop" / "config" / "orders.py"
IMPORT = "import typed_signals.sqlalchemy\n"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Mypy]:
    made = Mypy(tmp_path, config=CONFIG.replace("strict = True\n", ""))
    made.write("orders", MODELS.read_text())
    made.write("case", CASE.read_text())
    yield made
    if (tmp_path / "daemon.json").exists():
        made.daemon("stop")


def touch(program: Mypy, module: str) -> None:
    path = program.folder / f"{module}.py"
    path.write_text(f"{path.read_text()}# touched\n")


def flagged(output: str) -> list[int]:
    lines = [line for line in output.splitlines() if ": error: " in line]
    assert all(line.startswith("case.py:") for line in lines), output
    return [int(line.split(":")[1]) for line in lines]


EXPECTED = [each.line for each in expectations(CASE)]


def test_mapped_class_is_known_though_nothing_imports_its_signals(program: Mypy):
    assert flagged(program.run("case.py")) == EXPECTED
    for module in ("case", "orders", "case"):
        touch(program, module)
        assert flagged(program.run("case.py")) == EXPECTED


def test_base_class_may_come_by_way_of_another_module(program: Mypy):
    models = MODELS.read_text().replace("from sqlalchemy.orm import", "from base import")
    program.write("orders", models.replace("from sqlmodel import", "from base import"))
    program.write(
        "base",
        "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship\n"
        "from sqlmodel import Field, SQLModel\n",
    )
    for _ in range(2):
        assert flagged(program.run("case.py")) == EXPECTED
        touch(program, "case")


@pytest.mark.parametrize("name", ["a_first", "z_last"])
def test_import_elsewhere_changes_nothing(program: Mypy, name: str):
    program.write(name, IMPORT)
    for modules in ([f"{name}.py", "case.py"], ["case.py"], ["case.py", f"{name}.py"]):
        assert flagged(program.run(*modules)) == EXPECTED
        touch(program, "case")


def test_daemon_and_parallel_workers_say_the_same(program: Mypy):
    if "--num-workers" in program.run("--help"):
        parallel = ["--num-workers", "2", "--cache-dir", "parallel"]
        assert flagged(program.run(*parallel, "case.py")) == EXPECTED
    program.daemon("start", "--", "--config-file", "mypy.ini", "--cache-dir", "daemon")
    assert flagged(program.daemon("check", "case.py")) == EXPECTED
    program.write("z_last", IMPORT)
    assert flagged(program.daemon("check", "case.py", "z_last.py")) == EXPECTED
    touch(program, "case")
    assert flagged(program.daemon("check", "case.py")) == EXPECTED
