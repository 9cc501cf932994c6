"""Runs the real mypy with the plugin, in a folder and with a cache of its own."""

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

_NO_WORKER = "No status file found"
CONFIG = "[mypy]\nstrict = True\nplugins = {plugins}\n"


class Mypy:
    """mypy with the plugin, in a folder and with a cache of its own."""

    def __init__(
        self, folder: Path, plugins: str = "typed_signals.mypy", config: str = CONFIG
    ) -> None:
        self.folder = folder
        (folder / "mypy.ini").write_text(config.format(plugins=plugins))

    def write(self, module: str, code: str, head: str = "") -> None:
        (self.folder / f"{module}.py").write_text(head + dedent(code))

    def run(self, *arguments: str, program: str = "mypy") -> str:
        # mypy gives its parallel workers three seconds to start, which a busy machine may not.
        for left in reversed(range(5)):
            done = subprocess.run(
                [sys.executable, "-m", program, *arguments],
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
            )
            output = done.stdout + done.stderr
            if done.returncode in (0, 1) and _NO_WORKER not in output:
                return done.stdout
            assert left, output
            assert _NO_WORKER in output, output
        raise AssertionError

    def check(self, *arguments: str) -> dict[str, list[str]]:
        """What mypy says of each module, without places and without what is expected."""
        return said(self.run("--no-error-summary", *(arguments or (".",))))

    def daemon(self, *arguments: str) -> str:
        status = self.folder / "daemon.json"
        return self.run("--status-file", str(status), *arguments, program="mypy.dmypy")


def said(output: str) -> dict[str, list[str]]:
    by_module: dict[str, list[str]] = {}
    for line in output.splitlines():
        place, _, text = line.partition(": ")
        module = place.partition(".py:")[0]
        text = re.sub(r"\b(?:builtins|typing|case_\d+)\.", "", text)
        if "note: expected: " not in text:
            by_module.setdefault(module, []).append(text)
    return by_module
