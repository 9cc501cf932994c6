"""What a receiver may say of its parameters: whatever takes what is sent."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Generic, Optional, Protocol, Type, TypeVar, Union, overload

import ormar
from ormar import post_bulk_update, pre_relation_add, pre_save, pre_update
from shop import Album, Track, any_album

from typed_signals import PreSaveReceiver

signals = any_album().signals
M = TypeVar("M", bound=ormar.Model)


@pre_save(Album)  # F[generic-receiver] pyrefly
async def generic(sender: type[M], instance: M, **kwargs: Any) -> None: ...


@pre_save(Album)
async def wider(
    sender: "type[Album | Track] | None", instance: "Album | Track | None", **kwargs: Any
) -> None: ...


@pre_save([Album, Track])
async def wider_for_a_list(
    sender: Type[ormar.Model],
    instance: Union[ormar.Model, int],
    **kwargs: object,
) -> None: ...


@pre_save(Album)
async def anything(sender: Any, instance: object, **kwargs: Any) -> None: ...


@pre_save(Album)
async def optional(
    sender: type[Album],
    instance: Optional[Album] = None,
    **kwargs: Any,
) -> None: ...


@pre_save(Album)
async def by_keyword(sender: type[Album], *, instance: Album, **kwargs: Any) -> None: ...


@pre_save(Album)
async def with_stars(sender: type[Album], *args: Any, instance: Album, **kwargs: Any) -> None: ...


@post_bulk_update(Album)
async def as_sequence(sender: type[Album], instances: Sequence[Album], **kwargs: Any) -> None: ...


@post_bulk_update(Album)
async def as_iterable(
    sender: type[Album], instances: Iterable[ormar.Model], **kwargs: Any
) -> None: ...


@post_bulk_update(Album)
async def as_any_list(sender: type[Album], instances: list[Any], **kwargs: Any) -> None: ...


@pre_update(Album)
async def as_mapping(
    sender: type[Album], passed_args: Mapping[str, object], **kwargs: Any
) -> None: ...


@pre_relation_add(Album)
async def in_any_order(
    sender: type[Album],
    relation_name: str,
    child: "Track | Album",
    instance: Album,
    **kwargs: Any,
) -> None: ...


class Audit(Generic[M]):
    def __init__(self, model: type[M]) -> None:
        self.model = model

    async def heard(self, sender: type[M], instance: M, **kwargs: Any) -> None: ...


signals.pre_save.connect(Audit(Album).heard)
signals.pre_save.connect(Audit(Track).heard)  # E[wrong-model] all: `instance` is annotated `Track`


class Typed(Protocol):
    async def __call__(self, sender: type[Album], instance: Album, **kwargs: Any) -> bool: ...


class Overloaded:
    @overload
    async def __call__(self, sender: type[Album], instance: Album, **kwargs: Any) -> int: ...
    @overload
    async def __call__(self, sender: type[Track], instance: Track, **kwargs: Any) -> str: ...
    async def __call__(self, sender: Any, instance: Any, **kwargs: Any) -> Any: ...


def by_type(
    contract: PreSaveReceiver[Album],
    typed: Typed,
    loose: Callable[..., Coroutine[Any, Any, None]],
    maybe: "Callable[..., Awaitable[object]] | None",
    wrong: PreSaveReceiver[Track],
) -> None:
    signals.pre_save.connect(contract)
    signals.pre_save.connect(typed)
    signals.pre_save.connect(loose)
    signals.pre_save.connect(Overloaded())
    if maybe is not None:
        signals.pre_save.connect(maybe)
    signals.pre_save.connect(maybe)  # E[perhaps-none] all
    signals.pre_save.connect(wrong)  # E[wrong-model] all
