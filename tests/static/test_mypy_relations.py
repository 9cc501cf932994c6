"""What the mypy plugin knows of models' relations: cold, from the cache, and in the daemon."""

from pathlib import Path

import pytest

from tests.static.mypy_program import Mypy

MODELS = """
from __future__ import annotations
from typing import TYPE_CHECKING, Any, ForwardRef
from uuid import UUID
import ormar
from links import link, unknown

base = ormar.OrmarConfig()
abstract = base.copy(abstract=True)
class Owned(ormar.Model):
    ormar_config = base.copy(abstract=True)
    album: Album | None = ormar.ForeignKey(ForwardRef("Album"))
class Mixin:
    album: Album | None = link("Album")
class Album(ormar.Model):
    ormar_config = base.copy(tablename="albums")
    id: int = ormar.Integer(primary_key=True)
    data: dict[str, Any] = ormar.JSON()
    tracks: list[Track] | None = ormar.ManyToMany(ForwardRef("Track"))
    bonus: list[Special] | None = ormar.ManyToMany(ForwardRef("Special"))
class Track(ormar.Model):
    ormar_config = base.copy(tablename="tracks")
    id: int = ormar.Integer(primary_key=True)
class Single(ormar.Model):
    ormar_config = base.copy(tablename="singles")
    id: int = ormar.Integer(primary_key=True)
    track: Track | None = ormar.ForeignKey(Track)
class Review(Owned):
    ormar_config = base.copy(tablename="reviews")
class Cover(ormar.Model, Mixin):
    ormar_config = base.copy(tablename="covers")
class Note(ormar.Model):
    ormar_config = base.copy(tablename="notes")
    album: ForwardRef("Album") = ormar.ForeignKey(ForwardRef("Album"))  # type: ignore
class Sale(ormar.Model):
    ormar_config = base.copy(tablename="sales")
    album: UUID = ormar.ForeignKey(Album)  # type: ignore
class Tag(ormar.Model):
    ormar_config = base.copy(tablename="tags")
    album = ormar.ForeignKey(Album)
class Gift(ormar.Model):
    ormar_config = base.copy(tablename="gifts")
    album: Any = link("Album")
class Disc(ormar.Model):
    ormar_config = base.copy(tablename="discs")
    albums: list[Reissue] | None = ormar.ManyToMany(ForwardRef("Reissue"))
class Draft(ormar.Model):
    ormar_config = abstract
class Plain(ormar.Model):
    ormar_config = base.copy(tablename="plains")
class Derived(Owned, Plain):
    ormar_config = base.copy(tablename="derived")
class Middle(ormar.Model):
    ormar_config = base.copy(tablename="middles")
class AbstractMiddle(Middle):
    ormar_config = base.copy(abstract=True)
class Lowest(AbstractMiddle):
    ormar_config = base.copy(tablename="lowest")
    album: Album | None = ormar.ForeignKey(Album)
class Above(ormar.Model):
    ormar_config = base.copy(tablename="above")
shared = ormar.ForeignKey(ForwardRef("Album"))
class Shared(ormar.Model):
    ormar_config = base.copy(tablename="shared")
    album = shared
class Hidden(ormar.Model):
    ormar_config = base.copy(tablename="hidden")
    if not TYPE_CHECKING:
        album = ormar.ForeignKey(Album)
class Dynamic(ormar.Model, unknown):  # type: ignore
    ormar_config = base.copy(tablename="dynamic")
class Person(ormar.Model):
    ormar_config = base.copy(tablename="people")
    boss: Person | None = ormar.ForeignKey(ForwardRef("Person"), related_name="team")
class Link(ormar.Model):
    ormar_config = base.copy(tablename="links")
class Through(ormar.Model):
    ormar_config = base.copy(tablename="throughs")
    albums: list[Album] | None = ormar.ManyToMany(Album, through=Link)
class Reissue(Album):
    ormar_config = base.copy(proxy=True)
class Gold(Single):
    ormar_config = base.copy(proxy=True)
class Special(Track):
    ormar_config = base.copy(proxy=True)
"""
LINKS = """
from typing import Any
unknown: Any
def link(to: str) -> Any: ...
"""
RECEIVERS = """
import ormar
from models import *
class Below(Owned, Above):
    ormar_config = base.copy(tablename="below")
signals = Album.ormar_config.signals
"""
RECEIVER = """
@{on}(Album)
async def of_{child}(sender: type[Album], child: {child}, **kwargs: object) -> None: ...
@signals.{on}.connect
async def connected_{child}(sender: type[Album], child: {child}, **kwargs: object) -> None: ...
"""
ON = ("pre_relation_add", "post_relation_add", "pre_relation_remove", "post_relation_remove")
UNRELATED = ("Single", "Person", "Link", "Album")  # also no relation of an album to an album
ACCEPTED = (
    "Track", "Review", "Owned", "Cover", "Note", "Sale", "Tag", "Gift", "Disc", "Draft", "Gold",
    "Special", "Reissue", "Plain", "Middle", "Above",
    "Shared", "Hidden", "Dynamic", "Through", "object", "ormar.Model", "Single | Track",
)  # fmt: skip


def faults(children: tuple[str, ...]) -> list[str]:
    return [
        f"`{function}_{child}` cannot be connected to signal `{on}` of Album: `child` is annotated "
        f"`{child}`, and no relation of `Album` holds that: annotate it with the model that your "
        "relation holds  [signal-receiver]"
        for on in ON
        for child in children
        for function in ("of", "connected")
    ]


def write(mypy: Mypy, models: str = MODELS) -> None:
    mypy.write("links", LINKS)
    mypy.write("models", models)
    receivers = [
        RECEIVER.format(on=on, child=child).replace(f"_{child}(", f"_{_word(child)}(")
        for on in ON
        for child in (*UNRELATED, *ACCEPTED)
    ]
    text = "".join(receivers)
    mypy.write("receivers", text, f"{RECEIVERS}from ormar import {', '.join(ON)}\n")


def _word(child: str) -> str:
    return child.replace(" | ", "_or_").replace(".", "_")


def errors(output: str) -> list[str]:
    lines = [line for line in output.splitlines() if line.startswith("receivers.py")]
    said = [line.partition("error: ")[2] for line in lines if "error: " in line]
    return [each for each in said if "no-redef" not in each]


pytestmark = pytest.mark.slow


@pytest.fixture
def mypy(tmp_path: Path) -> Mypy:
    return Mypy(tmp_path)


def test_child_of_no_relation_is_refused_and_what_is_not_known_accepted(mypy: Mypy) -> None:
    write(mypy)
    cold = mypy.run("receivers.py")
    assert errors(cold) == faults(UNRELATED)
    assert mypy.run("receivers.py") == cold, "nothing changed"
    with (mypy.folder / "receivers.py").open("a") as file:
        file.write("\n# edited\n")
    assert mypy.run("receivers.py") == cold, "the models come from the cache"


def test_a_new_relation_is_seen_through_the_cache_and_by_the_daemon(mypy: Mypy) -> None:
    write(mypy)
    related = MODELS.replace(
        "track: Track | None = ormar.ForeignKey(Track)",
        "album: Album | None = ormar.ForeignKey(Album)",
    )
    assert related != MODELS
    mypy.daemon("start", "--", "--config-file", "mypy.ini", "--cache-dir", "daemon")
    try:
        for models, children in (
            (MODELS, UNRELATED),
            (related, ("Person", "Link", "Album")),
            (MODELS, UNRELATED),
        ):
            write(mypy, models)
            assert errors(mypy.run("receivers.py")) == faults(children)
            assert errors(mypy.daemon("check", "receivers.py")) == faults(children)
    finally:
        mypy.daemon("stop")
