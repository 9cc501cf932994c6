"""The child of a relation signal is a model that a relation of the sender holds."""

from typing import Any

import ormar
from ormar import (
    post_relation_add,
    post_relation_remove,
    pre_relation_add,
    pre_relation_remove,
)
from shop import Album, Dated, Single, Track


class Playlist(ormar.Model):
    """Its options are not known, so it may be abstract."""

    id: int = ormar.Integer(primary_key=True)


@pre_relation_add(Album)
async def of_the_reverse_side(sender: type[Album], child: Track, **kwargs: Any) -> None: ...


@pre_relation_add(Track)
async def of_the_foreign_key(sender: type[Track], child: Album, **kwargs: Any) -> None: ...


@pre_relation_add(Album)  # E[child-of-no-relation] plugin: `child` is annotated `Single`
async def of_no_relation(sender: type[Album], child: Single, **kwargs: Any) -> None: ...


@post_relation_add(Album)  # E[child-of-no-relation] plugin: `child` is annotated `Single | None`
async def or_none(sender: type[Album], child: Single | None, **kwargs: Any) -> None: ...


@pre_relation_remove(Single)  # E[child-of-no-relation] plugin: no relation of `Single` holds that
async def of_a_model_without_any(sender: type[Single], child: Track, **kwargs: Any) -> None: ...


@post_relation_remove([Album, Track])  # E[child-of-no-relation] plugin: `Album` or `Track`
async def of_neither(sender: type[ormar.Model], child: Single, **kwargs: Any) -> None: ...


@pre_relation_add([Album, Single])
async def of_one_of_them(sender: type[ormar.Model], child: Track, **kwargs: Any) -> None: ...


@pre_relation_add(Album)
async def one_or_the_other(sender: type[Album], child: Single | Track, **kwargs: Any) -> None: ...


@pre_relation_add(Album)
async def of_any_model(sender: type[Album], child: ormar.Model, **kwargs: Any) -> None: ...


@pre_relation_add(Album)
async def of_an_abstract_model(sender: type[Album], child: Dated, **kwargs: Any) -> None: ...


@pre_relation_add(Dated)
async def by_an_abstract_model(sender: type[Dated], child: Single, **kwargs: Any) -> None: ...


@pre_relation_add(Album)
async def of_a_model_without_options(
    sender: type[Album], child: Playlist, **kwargs: Any
) -> None: ...
