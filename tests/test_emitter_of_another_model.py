"""Emitter classes that are declared for one model, and those that several share."""

from typing import Any, Generic, TypeVar

import pytest

from typed_signals import ModelSignals, SignalDefinitionError, SignalEmitter, get_signals

M = TypeVar("M")
N = TypeVar("N")


class Track:
    signals = SignalEmitter[Any]()


class Album:
    signals = SignalEmitter[Any]()


class LiveAlbum(Album): ...


class Mixin: ...


class Shared(ModelSignals[M]): ...


class Labelled(Generic[N]): ...


class Swapped(Shared[M], Labelled[N], Generic[N, M]): ...


class OfAlbum(ModelSignals[Album]): ...


class Quoted(ModelSignals["Album"]): ...


class QuotedLater(SignalEmitter["Later"]): ...


class Below(OfAlbum): ...


class GivenBelow(Shared[Album]): ...


class GivenByPlace(Swapped[Track, Album]): ...


class OfAny(ModelSignals[Any]): ...


class Bare(ModelSignals): ...


class OfBoth(ModelSignals[Album | Track]): ...


class OfNobodyYet(ModelSignals["NotThere"]): ...


class OfTrack(ModelSignals[Track]): ...


class OfObject(ModelSignals[object]): ...


class OfMixin(ModelSignals[Mixin]): ...


class Later(Album): ...


@pytest.mark.parametrize(
    ("kind", "owner"),
    [
        (OfAlbum, "Album"),
        (Quoted, "Album"),
        (QuotedLater, "Later"),
        (Below, "Album"),
        (GivenBelow, "Album"),
        (GivenByPlace, "Album"),
        (OfMixin, "Mixin"),
    ],
)
def test_emitter_class_of_another_model_is_refused(kind: type[SignalEmitter[Any]], owner: str):
    with pytest.raises(SignalDefinitionError) as caught:
        get_signals(Track, kind)
    assert str(caught.value) == (
        f"`{kind.__name__}` declares the signals of `{owner}`, not of `Track`: to share it, "
        f"declare it with `Any` in place of `{owner}`"
    )


@pytest.mark.parametrize(
    "kind", [Shared, Swapped, OfAny, Bare, OfBoth, OfNobodyYet, OfTrack, OfObject]
)
def test_emitter_class_that_is_shared_may_be_installed(kind: type[SignalEmitter[Any]]):
    with pytest.raises(SignalDefinitionError, match="install them with"):
        get_signals(Track, kind)


def test_emitter_class_of_a_model_is_that_of_its_children():
    with pytest.raises(SignalDefinitionError, match="install them with"):
        get_signals(LiveAlbum, OfAlbum)
