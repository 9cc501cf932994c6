"""Code that installs emitter classes, and what the mypy plugin says of it."""

from tests.static.plugin_cases import Case
from tests.static.plugin_declaration_cases import under

ORMAR = """\
from __future__ import annotations
import ormar
import typed_signals.ormar
from collections.abc import Awaitable
from typing import Any, Protocol
from typed_signals import Signal, get_signals
from typed_signals.ormar import ModelSignals, install

base = ormar.OrmarConfig()
class Album(ormar.Model):
    ormar_config = base.copy(tablename="albums")
    id: int = ormar.Integer(primary_key=True)
class Track(ormar.Model):
    ormar_config = base.copy(tablename="tracks")
    id: int = ormar.Integer(primary_key=True)
class Sold(Protocol):
    async def __call__(self, sender: type[Album], *, price: int, **kwargs: object) -> None: ...
class AlbumSignals(ModelSignals[Album]):
    sold: Signal[Sold]
class OtherSignals(ModelSignals[Album]): ...
class ShopSignals(ModelSignals[Any]):
    sold: Signal[Sold]
"""

SQLALCHEMY = """\
from typing import Any
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from typed_signals.sqlalchemy import ModelSignals, get_signals, install

class Base(DeclarativeBase): ...
class Album(Base):
    __tablename__ = "albums"
    id: Mapped[int] = mapped_column(primary_key=True)
class Track(Base):
    __tablename__ = "tracks"
    id: Mapped[int] = mapped_column(primary_key=True)
class AlbumSignals(ModelSignals[Album]): ...
class BaseSignals(ModelSignals[Any]): ...
"""

CASES = [
    Case(
        "what is installed is the type of a model's signals",
        """
        typed_signals.ormar.install()
        typed_signals.ormar.install(Album, signals=AlbumSignals)
        class Old(ormar.Model):
            class Meta:
                tablename = "old"
        class OldSignals(ModelSignals[Old]): ...
        install(Old, signals=OldSignals)
        reveal_type(Old.Meta.signals)
        reveal_type(Album.ormar_config.signals)
        reveal_type(Album.Meta.signals)
        reveal_type(Track.ormar_config.signals)
        def of_an_instance(album: Album) -> None:
            reveal_type(album.signals)
        @Album.ormar_config.signals.sold.connect
        async def wrong(sender: type[Album], price: str, **kwargs: object) -> None: ...
        """,
        (
            '"OldSignals"',
            '"AlbumSignals"',
            '"AlbumSignals"',
            '"typed_signals.lifecycle.ModelSignals[Track]"',
            '"AlbumSignals"',
            "`price` is annotated `str`, and `sold` sends `int`: write `price: int`  "
            "[signal-receiver]",
        ),
        ORMAR,
    ),
    Case(
        "an emitter class installed for every model, one installed twice, and one for a base",
        """
        install(signals=ShopSignals)
        install(Album, signals=AlbumSignals)
        install(Track, signals=ShopSignals)
        class Other(ormar.Model):
            ormar_config = base.copy(tablename="others")
            id: int = ormar.Integer(primary_key=True)
        reveal_type(Album.ormar_config.signals)
        reveal_type(Track.ormar_config.signals)
        reveal_type(Other.ormar_config.signals)
        """,
        ('"AlbumSignals"', '"ShopSignals"', '"ShopSignals"'),
        ORMAR,
    ),
    Case(
        "an emitter class whose models are not known for sure",
        """
        install(Album, signals=AlbumSignals)
        install(Album, signals=OtherSignals)
        install(base, signals=ShopSignals)
        reveal_type(Album.ormar_config.signals)
        reveal_type(Track.ormar_config.signals)
        get_signals(Album, ShopSignals)
        get_signals(Track, ShopSignals)
        """,
        (
            '"typed_signals.lifecycle.ModelSignals[Album]"',
            '"typed_signals.lifecycle.ModelSignals[Track]"',
        ),
        ORMAR,
    ),
    Case(
        "an emitter class of one model installed for every model",
        """
        class Abstract(ormar.Model):
            ormar_config = base.copy(abstract=True)
        class AbstractSignals(ModelSignals[Abstract]): ...
        install(signals=ShopSignals)
        install(signals=AbstractSignals)
        install(signals=AlbumSignals)
        """,
        under(
            "signal-install",
            "`AlbumSignals` declares the signals of `Album`, not of every model: write "
            "`install(Album, signals=AlbumSignals)`; to share it, declare it with `Any` in place "
            "of `Album`",
        ),
        ORMAR,
    ),
    Case(
        "install and get_signals with the wrong class",
        """
        install(AlbumSignals)
        install(Album, signals=AlbumSignals)
        install(Track, signals=AlbumSignals)
        get_signals(Album, AlbumSignals).sold
        get_signals(Album, ModelSignals).pre_save
        get_signals(Album, OtherSignals)
        get_signals(Track, AlbumSignals)
        class Live(Album):
            ormar_config = base.copy(tablename="live")
        get_signals(Live, AlbumSignals)
        """,
        under(
            "signal-install",
            "typed signals cannot be installed on `AlbumSignals`: expected models or base "
            "configurations; `install()` without any covers every model",
            "`AlbumSignals` declares the signals of `Album`, not of `Track`: to share it, "
            "declare it with `Any` in place of `Album`",
            "the signals of `Album` are `AlbumSignals`, not `OtherSignals`: install them with "
            "`install(Album, signals=OtherSignals)`",
            "`AlbumSignals` declares the signals of `Album`, not of `Track`: to share it, "
            "declare it with `Any` in place of `Album`",
        ),
        ORMAR,
    ),
    Case(
        "signals of mapped classes, as they were installed",
        """
        install(Base, signals=BaseSignals)
        install(AlbumSignals)
        reveal_type(get_signals(Album))
        reveal_type(get_signals(Track))
        get_signals(Album, AlbumSignals)
        get_signals(Track, AlbumSignals)
        """,
        (
            *under(
                "signal-install",
                "typed signals cannot be installed on `AlbumSignals`: expected a declarative base "
                "class, a model, a mixin, a `registry`, or an `async_sessionmaker`",
            ),
            '"BaseSignals"',
            '"BaseSignals"',
            *under(
                "signal-install",
                "the signals of `Album` are `BaseSignals`, not `AlbumSignals`: install them with "
                "`install(Album, signals=AlbumSignals)`",
                "`AlbumSignals` declares the signals of `Album`, not of `Track`: to share it, "
                "declare it with `Any` in place of `Album`",
            ),
        ),
        SQLALCHEMY,
    ),
]
