"""The mypy plugin, through the real mypy program."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = """\
[mypy]
strict = True
plugins = {plugins}
"""

HEAD = """\
from __future__ import annotations
from collections.abc import Awaitable
from typing import Any, ClassVar, Protocol
from typed_signals import *

class Model: ...
class Album(Model):
    signals: ClassVar[ModelSignals[Album]]
class Track(Model):
    signals: ClassVar[ModelSignals[Track]]
class Paid(Protocol):
    def __call__(
        self, sender: type[Album], *, amount: int, **kwargs: object
    ) -> Awaitable[object]: ...
class AlbumSignals(ModelSignals[Album]):
    paid: Signal[Paid]
signals = ModelSignals[Album]()
"""


class Mypy:
    """mypy with the plugin, and with one cache for all the tests of a module."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "mypy.ini"
        self.config.write_text(CONFIG.format(plugins="typed_signals.mypy"))

    def run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "mypy", "--config-file", str(self.config), *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.stdout

    def check(self, code: str) -> list[str]:
        """What mypy says of a module that starts with HEAD, without the places."""
        (self.folder / "case.py").write_text(HEAD + code)
        said = self.run("--no-error-summary", "case.py")
        return [re.sub(r"^case\.py:\d+: ", "", line) for line in said.splitlines()]


@pytest.fixture(scope="module")
def mypy(tmp_path_factory: pytest.TempPathFactory) -> Mypy:
    return Mypy(tmp_path_factory.mktemp("mypy"))


def test_a_misspelt_parameter_is_named_with_what_to_write(mypy: Mypy) -> None:
    said = mypy.check("""
@signals.pre_save.connect
async def promote(sender: type[Album], instnace: Album, **kwargs: object) -> None: ...
""")
    assert said == [
        "error: `promote` cannot be connected to signal `pre_save` of Album: it requires "
        "`instnace`, which `pre_save` never sends: write `instance`  [signal-receiver]",
        "note: expected: async def receiver(sender: type[Album], *, instance: Album, "
        "**kwargs: object)",
    ]
