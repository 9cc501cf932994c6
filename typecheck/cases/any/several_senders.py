"""Several senders at once: any iterable of models, from anywhere."""

from collections.abc import Collection, Iterable, Iterator, Set as AbstractSet
from itertools import chain
from typing import Any

import ormar
from ormar import post_delete, post_save, pre_save, pre_update
from ormar.decorators.signals import receiver
from shop import Album, Track

Models = type[ormar.Model]
by_name = {"album": Album, "track": Track}
every = [Album, Track]


@pre_save({Album, Track})
async def of_a_set(sender: Models, instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_save((Album, Track))
async def of_a_tuple(sender: Models, instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_save([Album, Track])
async def of_a_list(sender: Models, instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_update(by_name.values())
async def of_values(sender: Models, instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_update(frozenset(every))
async def of_a_frozenset(sender: Models, instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_update(model for model in every)
async def of_a_generator(sender: Models, instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_update(dict.fromkeys(every))
async def of_keys(sender: Models, instance: ormar.Model, **kwargs: Any) -> None: ...


@receiver("post_save", {Album, Track})
async def by_a_name(sender: Models, **kwargs: Any) -> None: ...


def of_parameters(
    iterable: Iterable[Models],
    iterator: Iterator[Models],
    collection: Collection[Models],
    several: AbstractSet[Models],
    *models: Models,
) -> None:
    @post_save(iterable)
    @post_save(iterator)
    @post_save(collection)
    @post_save(several)
    @post_save(models)
    @post_save(chain(models, every))
    @post_delete([*models, Album])
    @post_delete({*models, Album})
    async def saved(sender: Models, instance: ormar.Model, **kwargs: Any) -> None: ...


@pre_save({Album, Track})  # E[one-model-of-several] all
async def of_one(sender: type[Album], instance: Album, **kwargs: Any) -> None: ...


@pre_update(by_name.values())  # E[misspelt-payload] all: write `instance`
async def misspelt(sender: Models, instnace: ormar.Model, **kwargs: Any) -> None: ...


pre_save("Album")  # E[not-a-model] all
pre_save(1)  # E[not-a-model] all
pre_save([1])  # E[not-a-model] all
