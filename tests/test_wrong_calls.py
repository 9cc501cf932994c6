"""What is called with something else than it expects says so, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import typed_signals
from typed_signals import (
    ModelSignals,
    SignalDefinitionError,
    _middleware,
    add_middleware,
    autodiscover,
    get_signals,
    mark_async,
    pre_save,
    receiver,
    set_commit_grace,
    set_exception_handler,
    set_loop_limits,
)
from typed_signals._dispatch import nesting, on_commit, shield
from typed_signals.testing import connected_to, only


class Album:
    signals: Any = ModelSignals()


async def note(sender: Any, *, instance: Any = None, **kwargs: Any) -> None: ...


class Counting:
    """A middleware, if it is not given as a class."""

    async def __call__(self, sent: Any, call_next: Any) -> None: ...


Call = Callable[..., Any]  # so that what is wrong may be written
wrong: dict[str, tuple[Call, type[Exception], str]] = {
    "a decorator, of an emitter": (
        lambda: pre_save(Album.signals),
        SignalDefinitionError,
        "`pre_save` expects a model class or several, not a `ModelSignals`: write "
        "`@pre_save(Album)` or `@pre_save([Album, Track])`",
    ),
    "receiver, the wrong way round": (
        lambda: receiver(Album, "pre_save"),
        SignalDefinitionError,
        "`receiver` expects the name of a signal first, not `Album`: write "
        '`@receiver("post_save", Album)`, or `@signal.connect`',
    ),
    "receiver, of a signal": (
        lambda: receiver(Album.signals.pre_save, Album),
        SignalDefinitionError,
        "`receiver` expects the name of a signal first, not a `Signal`: write "
        '`@receiver("post_save", Album)`, or `@signal.connect`',
    ),
    "get_signals, of an instance": (
        lambda: get_signals(Album, ModelSignals()),
        SignalDefinitionError,
        "`get_signals()` expects an emitter class, not a `ModelSignals`",
    ),
    **{
        f"add_middleware, of {given}": (
            lambda given=given: add_middleware(given),
            TypeError,
            f"`add_middleware()` expects an async function or an instance, not {words}: write "
            "`async def middleware(sent, call_next): return await call_next(sent)`",
        )
        for given, words in ((None, "`None`"), (Counting, "`Counting`"))
    },
    "add_middleware, with words for a priority": (
        lambda: add_middleware(Counting(), priority="1"),
        TypeError,
        "`priority` must be a number, not '1'",
    ),
    "autodiscover, of a module": (
        lambda: autodiscover(typed_signals),
        TypeError,
        'autodiscover() expects the name of a package, not a `module`: autodiscover("shop")',
    ),
    "mark_async, of nothing": (
        lambda: mark_async(None),
        TypeError,
        "mark_async() expects a callable that returns an awaitable, not `None`",
    ),
    "set_commit_grace, of words": (
        lambda: set_commit_grace("5"),
        ValueError,
        "expected 0 or more seconds (`math.inf` to always wait), got '5'",
    ),
    "set_exception_handler, of a number": (
        lambda: set_exception_handler(3),
        TypeError,
        "an exception handler must be a function or None, not an `int`",
    ),
    "set_exception_handler, of an async function": (
        lambda: set_exception_handler(note),
        TypeError,
        f"an exception handler must be a sync function: nobody awaits {note!r}",
    ),
    "set_loop_limits, of words": (
        lambda: set_loop_limits(repeats=99, depth="x"),
        ValueError,
        "`depth` must be at least 16, not 'x'",
    ),
    "set_loop_limits, the second too low": (
        lambda: set_loop_limits(repeats=99, depth=3),
        ValueError,
        "`depth` must be at least 16, not 3",
    ),
    "only, of a name": (
        lambda: only("note"),
        SignalDefinitionError,
        "`only()` expects receivers, not a `str`",
    ),
    "connected_to, the wrong way round": (
        lambda: connected_to(note, Album.signals.pre_save),
        SignalDefinitionError,
        "`connected_to()` expects a signal first, not a `function`: write "
        "`connected_to(signal, receiver)`",
    ),
}


def state() -> tuple[object, ...]:
    """What such a call might have changed."""
    limits = {name: getattr(nesting.limits, name) for name in ("repeats", "depth", "open_sends")}
    return (limits, shield._grace, on_commit._handler, [*_middleware._installed])


@pytest.mark.parametrize("name", wrong)
def test_wrong_call_says_what_was_given_and_changes_nothing(name: str) -> None:
    call, kind, text = wrong[name]
    before = state()
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text
    assert state() == before
    assert Album.signals.pre_save.receivers == ()


async def test_middleware_that_is_an_instance_or_a_function_is_added() -> None:
    seen: list[str] = []

    class Noting:
        async def __call__(self, sent: Any, call_next: Any) -> Any:
            seen.append("instance")
            return await call_next(sent)

    async def noting(sent: Any, call_next: Any) -> Any:
        seen.append("function")
        return await call_next(sent)

    signal = Album.signals.noted
    for each in (Noting(), noting):
        add_middleware(each, signal, priority=True)
        await signal.send(sender=Album)
        typed_signals.remove_middleware(each)
    assert seen == ["instance", "function"]
