"""The mypy plugin, through the real mypy program."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from typed_signals import ModelSignals, SignalDefinitionError, SignalNameWarning, pre_save

CONFIG = "[mypy]\nstrict = True\nplugins = {plugins}\n"

HEAD = """\
from __future__ import annotations
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, Protocol, TypeVar
from unittest.mock import AsyncMock
from typed_signals import *

class Model: ...
class Album(Model):
    signals: ClassVar[AlbumSignals]
class Track(Model):
    signals: ClassVar[ModelSignals[Track]]
class Paid(Protocol):
    def __call__(
        self, sender: type[Album], *, amount: int, **kwargs: object
    ) -> Awaitable[object]: ...
class AlbumSignals(ModelSignals[Album]):
    paid: Signal[Paid]
signals = Album.signals
"""

ORMAR = """\
import ormar
from collections.abc import Awaitable
from ormar import pre_save, post_save
from typing import Protocol
from typed_signals import Signal
from typed_signals.ormar import receiver

base = ormar.OrmarConfig()
class Album(ormar.Model):
    ormar_config = base.copy(tablename="albums")
    id: int = ormar.Integer(primary_key=True)
class Track(ormar.Model):
    ormar_config = base.copy(tablename="tracks")
    id: int = ormar.Integer(primary_key=True)
class Paid(Protocol):
    def __call__(
        self, sender: type[Album], *, amount: int, **kwargs: object
    ) -> Awaitable[object]: ...
"""


@dataclass(frozen=True)
class Case:
    """Code, and what mypy says of it: errors after the name of the receiver, and revealed types."""

    name: str
    code: str
    said: tuple[str, ...] = ()
    head: str = HEAD


def refused(*faults: str) -> tuple[str, ...]:
    return tuple(f"{fault}  [signal-receiver]" for fault in faults)


def receivers(*definitions: str, on: str = "@signals.pre_save.connect") -> str:
    return "\n".join(f"{on}\n{definition}" for definition in definitions)


CASES = [
    Case(
        "sound receivers, and those of which nothing is known, are taken",
        """
        T = TypeVar("T")
        async def exact(sender: type[Album], instance: Album, **kwargs: object) -> int:
            return 1
        async def wide(sender: type[Model], instance: Model, **kwargs: object) -> None: ...
        async def any_class(sender: type, *, instance: object, **kwargs: Any) -> None: ...
        async def generic(sender: type[T], instance: T, **kwargs: object) -> None: ...
        async def everything(*args: Any, **kwargs: Any) -> None: ...
        async def untyped(sender, **kwargs): ...  # type: ignore[no-untyped-def]
        async def bound(extra: str, sender: type[Album], **kwargs: object) -> None: ...
        async def own_default(sender: type[Album], retries: int = 3, **kwargs: object) -> None: ...
        def annotated(sender: type[Album], **kwargs: object) -> Awaitable[int]:
            return exact(sender, Album())
        class Receivers:
            async def method(self, sender: type[Album], **kwargs: object) -> None: ...
            @staticmethod
            async def static(sender: type[Album], **kwargs: object) -> None: ...
            @classmethod
            async def of_class(cls, sender: type[Album], **kwargs: object) -> None: ...
            async def __call__(self, sender: type[Album], **kwargs: object) -> None: ...
        unknown: Callable[..., Any] = untyped
        listens: PreSaveReceiver[Album] = exact
        for signal in (signals.pre_save, signals.post_save):
            signal.connect(exact)
            signal.connect(wide)
            signal.connect(any_class)
            signal.connect(generic)
            signal.connect(everything)
            signal.connect(untyped)
            signal.connect(partial(bound, "extra"))
            signal.connect(own_default)
            signal.connect(annotated)
            signal.connect(Receivers().method)
            signal.connect(Receivers.static)
            signal.connect(Receivers.of_class)
            signal.connect(Receivers())
            signal.connect(unknown)
            signal.connect(listens)
            signal.connect(AsyncMock())
        """,
    ),
    Case(
        "a receiver keeps its exact type, under several decorators, too",
        """
        @pre_save(Album)
        @signals.post_save.connect
        async def both(sender: type[Album], instance: Model, **kwargs: object) -> int:
            return 1
        reveal_type(both)
        """,
        (
            '"def (sender: type[Album], instance: Model, **kwargs: object) '
            '-> Coroutine[Any, Any, int]"',
        ),
    ),
    Case(
        "each of two decorators judges",
        """
        @pre_save(Album)
        @pre_update(Album)
        async def update(
            sender: type[Album], instance: Album, passed_args: dict[str, Any], **kwargs: object
        ) -> None: ...
        """,
        refused(
            "it requires `passed_args`, which `pre_save` never sends: give it a default or take "
            "it out"
        ),
    ),
    Case(
        "misspelt parameters",
        receivers(
            "async def a(sender: type[Album], instnace: Album, **kwargs: object) -> None: ...",
            "async def b(sender: type[Album], instnace: Any = 0, **kwargs: object) -> None: ...",
        ),
        refused(
            "it requires `instnace`, which `pre_save` never sends: write `instance`",
            "it takes `instnace`, which `pre_save` never sends: write `instance`",
        ),
    ),
    Case(
        "wrong types",
        """
        @pre_save(Album)
        async def model(sender: type[Track], instance: Track, **kwargs: object) -> None: ...
        @pre_save(Album)
        async def sender(sender: Album, **kwargs: object) -> None: ...
        @post_bulk_update(Album)
        async def bulk(sender: type[Album], instances: Album, **kwargs: object) -> None: ...
        @pre_save(Album)
        async def catch_all(sender: type[Album], **kwargs: str) -> None: ...
        @signals.paid.connect
        async def payload(sender: type[Album], amount: str, **kwargs: object) -> None: ...
        """,
        refused(
            "`sender` is annotated `type[Track]`, and `pre_save` sends `type[Album]`: "
            "write `sender: type[Album]`",
            "`instance` is annotated `Track`, and `pre_save` sends `Album`: "
            "write `instance: Album`",
            "`sender` is annotated `Album`, and `pre_save` sends `type[Album]`: "
            "write `sender: type[Album]`",
            "`instances` is annotated `Album`, and `post_bulk_update` sends `list[Album]`: "
            "write `instances: list[Album]`",
            "`**kwargs` is annotated `str`, and payload of any type may be added: "
            "write `**kwargs: object`",
            "`amount` is annotated `str`, and `paid` sends `int`: write `amount: int`",
        ),
    ),
    Case(
        "a list of models is all of them",
        """
        @pre_save([Album, Track])
        async def both(
            sender: type[Album | Track], instance: Album | Track, **kwargs: object
        ) -> None: ...
        @pre_save((Album, Track))
        async def one(sender: type[Model], instance: Album, **kwargs: object) -> None: ...
        """,
        refused(
            "`instance` is annotated `Album`, and `pre_save` sends `Album | Track`: "
            "write `instance: Album | Track`"
        ),
    ),
    Case(
        "a signal named by a string has its own contract",
        """
        @receiver("pre_save", Album)
        async def save(sender: type[Album], instance: Track, **kwargs: object) -> None: ...
        @receiver("paid", Album)
        async def paid(sender: type[Album], amount: str, **kwargs: object) -> None: ...
        @receiver("paid", [Album, Track])
        async def both(sender: type[Model], amount: str, **kwargs: object) -> None: ...
        @receiver(senders=Album, signal="paid")
        async def swapped(sender: type[Album], amount: str, **kwargs: object) -> None: ...
        @receiver("custom", Album)
        async def custom(sender: type[Album], anything: str, **kwargs: object) -> None: ...
        """,
        refused(
            "`instance` is annotated `Track`, and `pre_save` sends `Album`: "
            "write `instance: Album`",
            *["`amount` is annotated `str`, and `paid` sends `int`: write `amount: int`"] * 3,
        ),
    ),
    Case(
        "misspelt signals",
        """
        signals.pre_svae
        @receiver("bulk_post_update", Album)
        async def bulk(sender: type[Album], **kwargs: object) -> None: ...
        """,
        (
            "Album has no signal `pre_svae`: did you mean `pre_save`?  [signal-name]",
            "Album has no signal `bulk_post_update`: did you mean `post_bulk_update`?  "
            "[signal-name]",
        ),
    ),
    Case(
        "an assigned signal's contract is remembered in the module",
        """
        signals.sold = Signal[Paid]()
        async def tell() -> None:
            await signals.sold.send(Album, amount="1")
            await Album.signals.sold.send(Album, amount=1)
        @Album.signals.sold.connect
        async def wrong(sender: type[Album], amount: str, **kwargs: object) -> None: ...
        signals.other.connect(wrong)
        """,
        (
            '"send" of "Signal" has incompatible type "str"; expected "int"  [arg-type]',
            *refused("`amount` is annotated `str`, and `sold` sends `int`: write `amount: int`"),
        ),
    ),
    Case(
        "a class without signals is no sender",
        """
        @pre_save([Album, Model])
        async def save(sender: type[Model], **kwargs: object) -> None: ...
        """,
        (
            "`Model` sends no signals: expected an ormar model (a subclass of `ormar.Model` with "
            "its configuration) or a class whose `signals` is a `SignalEmitter`  [signal-sender]",
        ),
    ),
    Case(
        "a code that is ignored, and one that is not there",
        """
        signals.pre_save.connect(1)  # type: ignore[signal-receiver]
        signals.pre_svae  # type: ignore[signal-name]
        pre_save(Model)  # type: ignore[signal-sender]
        signals.pre_save  # type: ignore[signal-name]
        """,
        ('Unused "type: ignore" comment  [unused-ignore]',),
    ),
    Case(
        "connect() that is passed on",
        """
        connect = signals.pre_save.connect
        connect(None)  # type: ignore[signal-receiver]
        """,
    ),
    Case(
        "ormar models, by their configuration",
        """
        reveal_type(Album.ormar_config.signals.pre_save)
        @pre_save([Album, Track])
        async def both(sender: type[Album], instance: Track, **kwargs: object) -> None: ...
        @receiver("post_save", Track)
        async def saved(sender: type[Track], instance: Album, **kwargs: object) -> None: ...
        Album.ormar_config.signals.paid = Signal[Paid]()
        @Album.ormar_config.signals.paid.connect
        async def paid(sender: type[Album], amount: str, **kwargs: object) -> None: ...
        Album.ormar_config.signals.pre_svae
        """,
        (
            '"typed_signals.signal.Signal[typed_signals.receivers.PreSaveReceiver[Album]]"',
            *refused(
                "`sender` is annotated `type[Album]`, and `pre_save` sends "
                "`type[Album] | type[Track]`: write `sender: type[Album] | type[Track]`",
                "`instance` is annotated `Track`, and `pre_save` sends `Album | Track`: "
                "write `instance: Album | Track`",
                "`instance` is annotated `Album`, and `post_save` sends `Track`: "
                "write `instance: Track`",
                "`amount` is annotated `str`, and `paid` sends `int`: write `amount: int`",
            ),
            "Album has no signal `pre_svae`: did you mean `pre_save`?  [signal-name]",
        ),
        ORMAR,
    ),
    Case(
        "ormar models, by their Meta",
        """
        class Old(ormar.Model):
            class Meta:
                tablename = "old"
        class Other(ormar.Model):
            class Meta(Old.Meta):
                tablename = "other"
        class Meta:
            signals: int
        reveal_type(Old.Meta.signals.pre_save)
        reveal_type(Other.Meta.signals.pre_save)
        reveal_type(Album.Meta.signals.pre_save)
        reveal_type(Meta.signals)
        """,
        (
            '"typed_signals.signal.Signal[typed_signals.receivers.PreSaveReceiver[Old]]"',
            '"typed_signals.signal.Signal[typed_signals.receivers.PreSaveReceiver[Other]]"',
            '"typed_signals.signal.Signal[typed_signals.receivers.PreSaveReceiver[Album]]"',
            '"int"',
        ),
        ORMAR,
    ),
]


class Mypy:
    """mypy with the plugin, in a folder and with a cache of its own."""

    def __init__(self, folder: Path, plugins: str = "typed_signals.mypy") -> None:
        self.folder = folder
        (folder / "mypy.ini").write_text(CONFIG.format(plugins=plugins))

    def write(self, module: str, code: str, head: str = HEAD) -> None:
        (self.folder / f"{module}.py").write_text(head + dedent(code))

    def run(self, *arguments: str, program: str = "mypy") -> str:
        done = subprocess.run(
            [sys.executable, "-m", program, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.stdout

    def check(self, *arguments: str) -> dict[str, list[str]]:
        """What mypy says of each module, without places and without what is expected."""
        return said(self.run("--no-error-summary", *(arguments or (".",))))


def said(output: str) -> dict[str, list[str]]:
    by_module: dict[str, list[str]] = {}
    for line in output.splitlines():
        place, _, text = line.partition(": ")
        module = place.partition(".py:")[0]
        text = re.sub(r"\b(?:builtins|typing|case_\d+)\.", "", text)
        if "note: expected: " not in text:
            by_module.setdefault(module, []).append(text)
    return by_module


@pytest.fixture
def mypy(tmp_path: Path) -> Mypy:
    return Mypy(tmp_path)


@pytest.fixture(scope="module")
def all_said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What mypy says of all the cases, in one run."""
    mypy = Mypy(tmp_path_factory.mktemp("cases"))
    for number, case in enumerate(CASES):
        mypy.write(f"case_{number}", case.code, case.head)
    return mypy.check()


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_mypy_says(number: int, all_said: dict[str, list[str]]) -> None:
    told = all_said.get(f"case_{number}", [])
    assert len(told) == len(CASES[number].said), told
    for text, expected in zip(told, CASES[number].said, strict=True):
        assert text.endswith(expected)


# --- the whole of a message ----------------------------------------------------------------------


def test_an_error_reads_as_that_of_connect(mypy: Mypy) -> None:
    mypy.write(
        "shop",
        """
        @pre_save(Album)
        def promote(instance: Album) -> None: ...
        """,
    )
    lines = mypy.run("--no-error-summary", "shop.py").splitlines()
    told = [re.sub(r"^shop\.py:\d+: (error|note): |  \[[\w-]+\]$", "", line) for line in lines]

    class Album:
        signals: ModelSignals["Album"] = ModelSignals()

    def promote(instance: Any) -> None: ...

    receiver: Any = promote
    with pytest.raises(SignalDefinitionError) as caught:
        pre_save(Album)(receiver)
    verdict, *faults, expected = str(caught.value).splitlines()
    assert len(faults) == 3
    verdict = re.sub(r"^`.*promote` \(.*?\)", "`promote`", verdict)
    assert told == [
        *(fault.replace("  - ", f"{verdict} ") for fault in faults),
        expected.strip(),
    ]


def test_a_misspelt_signal_reads_as_the_warning(mypy: Mypy) -> None:
    class Album:
        signals: ModelSignals["Album"] = ModelSignals()

    with pytest.warns(SignalNameWarning) as caught:
        _ = Album.signals.pre_svae
    mypy.write("shop", "signals.pre_svae")
    [text] = mypy.check()["shop"]
    told = text.removeprefix("error: ").removesuffix("  [signal-name]")
    assert str(caught[0].message).startswith(told)


# --- the ways of running mypy --------------------------------------------------------------------

CONTRACT = """from collections.abc import Awaitable
from typing import Protocol
from typed_signals import Signal, SignalEmitter

class Shop: ...
class Paid(Protocol):
    def __call__(
        self, sender: type[Shop], *, amount: {type}, **kwargs: object
    ) -> Awaitable[object]: ...
class ShopSignals(SignalEmitter[Shop]):
    paid: Signal[Paid]
signals = ShopSignals()
"""
LISTENER = """from contract import Shop, signals
from receivers import behind_a_slash

@signals.paid.connect
async def paid(sender: type[Shop], amount: int, **kwargs: object) -> None: ...
signals.paid.connect(behind_a_slash)
signals.piad
"""
RECEIVERS = """from contract import Shop

async def behind_a_slash(sender: type[Shop], /, **kwargs: object) -> None: ...
"""
SLASH = "cannot be connected to signal `paid` of Shop: "  # its words depend on the cache
MISSPELT = "Shop has no signal `piad`: did you mean `paid`?  [signal-name]"
CHANGED = "`amount` is annotated `int`, and `paid` sends `bytes`: write `amount: bytes`"


def write_shop(mypy: Mypy, kind: str) -> None:
    mypy.write("contract", CONTRACT.format(type=kind), "")
    mypy.write("receivers", RECEIVERS, "")
    mypy.write("listener", LISTENER, "")


def faults(output: str) -> list[str]:
    lines = [line.partition("error: ")[2] for line in output.splitlines() if "error: " in line]
    return [line for line in lines if SLASH not in line]


def test_a_changed_contract_is_seen_through_the_cache(mypy: Mypy) -> None:
    write_shop(mypy, "int")
    cold = mypy.run("listener.py")
    assert faults(cold) == [MISSPELT]
    assert mypy.run("listener.py") == cold, "nothing changed"
    mypy.write("contract", CONTRACT.format(type="bytes"), "")
    changed = mypy.run("listener.py")
    assert CHANGED in changed
    assert MISSPELT in changed
    mypy.write("listener", f"{LISTENER}# edited", "")
    edited = mypy.run("listener.py")
    assert faults(edited) == faults(changed), "all but the listener comes from the cache"


def test_the_daemon_sees_a_changed_contract(mypy: Mypy) -> None:
    write_shop(mypy, "int")
    status = ["--status-file", str(mypy.folder / "status.json")]

    def daemon(*arguments: str) -> str:
        return mypy.run(*status, *arguments, program="mypy.dmypy")

    daemon("start", "--", "--config-file", "mypy.ini")
    try:
        assert faults(daemon("check", "listener.py")) == [MISSPELT]
        mypy.write("contract", CONTRACT.format(type="bytes"), "")
        changed = daemon("check", "listener.py")
        assert CHANGED in changed
        assert MISSPELT in changed
        write_shop(mypy, "int")
        assert faults(daemon("check", "listener.py")) == [MISSPELT]
    finally:
        daemon("stop")


def test_parallel_workers_find_the_same(mypy: Mypy) -> None:
    if "--num-workers" not in mypy.run("--help"):
        pytest.skip("this mypy has no parallel checking")
    write_shop(mypy, "bytes")
    parallel = mypy.run("--num-workers", "2", "--cache-dir", "parallel", "listener.py")
    assert CHANGED in parallel
    assert MISSPELT in parallel


@pytest.mark.parametrize(
    "plugins", ["pydantic.mypy, typed_signals.mypy", "typed_signals.mypy, pydantic.mypy"]
)
def test_works_beside_the_plugin_of_pydantic(tmp_path: Path, plugins: str) -> None:
    mypy = Mypy(tmp_path, plugins)
    mypy.write(
        "models",
        """
        from pydantic import BaseModel

        class Order(BaseModel):
            amount = 1
        class Old(ormar.Model):
            class Meta:
                tablename = "old"

        reveal_type(Old.Meta.signals)
        @Old.Meta.signals.pre_save.connect
        async def save(sender: type[Old], instnace: Old, **kwargs: object) -> None: ...
        """,
        ORMAR,
    )
    told = "\n".join(mypy.check()["models"])
    assert "[pydantic-field]" in told, "an error of pydantic's plugin"
    assert '"typed_signals.emitter.ModelSignals[models.Old]"' in told
    assert "it requires `instnace`" in told


def test_nothing_of_the_project_is_imported(mypy: Mypy) -> None:
    mypy.write("project", 'raise SystemExit("imported")\n' + dedent(CASES[0].code))
    assert "imported" not in mypy.run("project.py")


def test_the_plugin_imports_no_orm() -> None:
    code = "import sys, typed_signals.mypy; print({'ormar', 'pydantic'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
