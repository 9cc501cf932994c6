"""Code that the mypy plugin reads, and what it says of it; test_mypy_plugin.py runs mypy."""

from dataclasses import dataclass

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
        "a contract written `async def` accepts any awaitable, and receivers keep their result",
        """
        class Plain(Protocol):
            async def __call__(
                self, sender: type[Album], *, amount: int, **kwargs: object
            ) -> None: ...
        plain = Signal[Plain]()
        @plain.connect
        async def result(sender: type[Album], amount: int, **kwargs: object) -> int:
            return amount
        reveal_type(result)
        @plain.connect
        async def wrong(sender: type[Album], amount: str, **kwargs: object) -> int:
            return 1
        """,
        (
            '"def (sender: type[Album], amount: int, **kwargs: object) '
            '-> Coroutine[Any, Any, int]"',
            *refused(
                "`amount` is annotated `str`, and the signal sends `int`: write `amount: int`"
            ),
        ),
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
        "each of two decorators checks the receiver",
        """
        @pre_save(Album)
        @pre_update(Album)
        async def update(
            sender: type[Album], instance: Album, passed_args: dict[str, Any], **kwargs: object
        ) -> None: ...
        """,
        refused(
            "it requires `passed_args`, which `pre_save` never sends: give it a default or "
            "remove it"
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
            "it accepts `instnace`, which `pre_save` never sends: write `instance`",
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
        @pre_save({Album, Track})
        async def other(sender: type[Model], instance: Track, **kwargs: object) -> None: ...
        """,
        refused(
            "`instance` is annotated `Album`, and `pre_save` sends `Album | Track`: "
            "write `instance: Album | Track`",
            "`instance` is annotated `Track`, and `pre_save` sends `Album | Track`: "
            "write `instance: Album | Track`",
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
            '"send" of "sold" has incompatible type "str"; expected "int"  [arg-type]',
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
            "`Model` sends no signals: expected a model class of an ORM that is installed, or a "
            "class whose `signals` is a `SignalEmitter`  [signal-sender]",
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
            '"typed_signals._signal.Signal[typed_signals.lifecycle.PreSaveReceiver[Album]]"',
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
            '"typed_signals._signal.Signal[typed_signals.lifecycle.PreSaveReceiver[Old]]"',
            '"typed_signals._signal.Signal[typed_signals.lifecycle.PreSaveReceiver[Other]]"',
            '"typed_signals._signal.Signal[typed_signals.lifecycle.PreSaveReceiver[Album]]"',
            '"int"',
        ),
        ORMAR,
    ),
]
