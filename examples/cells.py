"""Runs a Python file cell by cell: a cell starts with a line `# %%` and its title."""

import re
import sys
import traceback
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import ModuleType


@dataclass
class Cell:
    """A piece of a file, the line where it starts, and whether it raised when it ran."""

    title: str
    code: str
    path: str
    line: int
    failed: bool = False

    def run(self, module: ModuleType) -> str:
        """Run the cell in a module and return what it prints, warns and raises."""
        lines_above = "\n" * (self.line - 1)  # so that errors name the right line
        seen = StringIO()
        with redirect_stdout(seen), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                exec(compile(lines_above + self.code, self.path, "exec"), vars(module))
            except Exception as error:
                self.failed = True
                seen.write("".join(traceback.format_exception_only(error)))
        for each in warned:
            seen.write(f"{each.category.__name__}: {each.message}\n")
        return seen.getvalue()


def cells(path: Path) -> list[Cell]:
    """The cells of a file; what stands above the first title is a cell without one."""
    above, *parts = re.split(r"^# %% (.+)\n", path.read_text("utf-8"), flags=re.MULTILINE)
    found = [Cell("", above, str(path), 1)]
    line = 1 + above.count("\n")
    for title, code in zip(parts[::2], parts[1::2], strict=True):
        found.append(Cell(title, code.strip("\n") + "\n", str(path), line + 1))
        line += 1 + code.count("\n")
    return found


def new_module(name: str) -> ModuleType:
    """A module to run cells in, found by its name like an imported one."""
    module = sys.modules[name] = ModuleType(name)
    return module
