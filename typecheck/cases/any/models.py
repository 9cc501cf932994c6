"""A receiver is for the model, or the models, that it is connected to."""

from typing import Any

import ormar
from ormar import post_save, pre_save
from shop import Album, Track, any_album


@pre_save(Album)
async def right(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[wrong-model] all: `instance` is annotated `Track`
async def wrong_instance(sender: type[Album], instance: Track, **kwargs: Any) -> None: ...


@pre_save([Album, Track])  # F[mixed-list] mypy
async def right_for_both(
    sender: type[Album] | type[Track], instance: Album | Track, **kwargs: Any
) -> None: ...


@post_save([Album, Track])  # E[one-model-of-several] all
async def one_of_two(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[wrong-model] all: `sender` is annotated `type[Track]`
async def wrong_sender(sender: type[Track], instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)  # E[sender-as-instance] all: `sender` is annotated
async def instance_as_sender(sender: Album, instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)
async def any_model(sender: type[ormar.Model], instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_save(Album)
async def any_class(sender: type, instance: object, **kwargs: Any) -> None: ...


@pre_save((Album, Track))
async def a_tuple(sender: type[ormar.Model], instance: ormar.Model, **kwargs: Any) -> None: ...


every: list[type[ormar.Model]] = [Album, Track]


@pre_save(every)
async def a_variable(sender: type[ormar.Model], instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_save(every)  # E[one-model-of-several] all
async def one_of_every(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


pre_save("Album")  # E[not-a-model] all
pre_save(any_album())  # E[not-a-model] all


Album(name="Horses", play_count=1).pk = 1


# --- several, in any iterable --------------------------------------------------------------------

by_name = {"album": Album, "track": Track}


@pre_save({Album, Track})  # F[mixed-list] mypy
async def a_set(
    sender: type[Album] | type[Track], instance: Album | Track, **kwargs: Any
) -> None: ...


@pre_save(by_name.values())
async def values(sender: type[ormar.Model], instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_save(each for each in every)
async def a_generator(sender: type[ormar.Model], instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_save(frozenset([Album]))
async def a_frozen_set(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@pre_save({Album, Track})  # E[one-model-of-several] all
async def one_of_a_set(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@pre_save(each for each in every)  # E[one-model-of-several] all
async def one_of_a_generator(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


pre_save([Album, "Track"])  # E[not-a-model] all
pre_save(3)  # E[not-a-model] all
