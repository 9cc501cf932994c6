"""Capture sends, and assert on them with readable failures."""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar, overload

from typed_signals._declared import declared_signals
from typed_signals._describe import suggest
from typed_signals._middleware import CallNext, SentSignal
from typed_signals._registry import state_of
from typed_signals._signal import Signal
from typed_signals._targets import Target, add_middleware, remove_middleware
from typed_signals.lifecycle import ModelSignals
from typed_signals.testing._messages import Wanted, disorder, failure, often
from typed_signals.testing._operations import find_operation
from typed_signals.testing._sent import Sent

__all__ = ["SentSignals", "capture_signals"]

T = TypeVar("T")

_PRIORITY: Final = 10  # after what chooses the receivers


class SentSignals(Sequence[Sent]):
    """The captured sends, in order.

    It is a sequence of :class:`Sent`. Pass a signal, or its name::

        sent_signals.assert_sent("post_save", Album, times=1)
        sent_signals.assert_sent(Shop.signals.order_paid, order_id=7)
        assert sent_signals.names == ["pre_save", "post_save"]
    """

    def __init__(self) -> None:
        self._sent: list[Sent] = []

    @overload
    def __getitem__(self, index: int) -> Sent: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sent]: ...
    def __getitem__(self, index: int | slice) -> Sent | list[Sent]:
        return self._sent[index]

    def __len__(self) -> int:
        return len(self._sent)

    @property
    def names(self) -> list[str]:
        """The names of the signals, in the order in which they were sent."""
        return [each.name for each in self._sent]

    def add(self, sent: Sent) -> None:
        """Append a send."""
        self._sent.append(sent)

    def clear(self) -> None:
        """Forget the sends so far."""
        self._sent.clear()

    def of(
        self,
        signal: str | Signal[Any] | None = None,
        sender: object = None,
        /,
        **payload: object,
    ) -> list[Sent]:
        """Find the sends that match.

        Args:
            signal: The signal or its name; ``None`` for any.
            sender: The sender; ``None`` for any.
            payload: Values that were sent, by name; the signal may have sent others, too.

        Returns:
            The sends that match, in order.

        Raises:
            LookupError: The signal's name looks like a misspelling of a known one.
        """
        if isinstance(signal, str):
            self._check_name(signal)
        return [
            each
            for each in self._sent
            if (signal is None or signal in (each.name, each.signal))
            and (sender is None or each.sender is sender)
            and all(each.has(name, value) for name, value in payload.items())
        ]

    def assert_sent(
        self,
        signal: str | Signal[Any],
        sender: object = None,
        /,
        *,
        times: int | None = None,
        **payload: object,
    ) -> Sent:
        """Assert that a signal was sent.

        Args:
            signal: The signal or its name.
            sender: The sender; ``None`` for any.
            times: How often, exactly; at least once when left out.
            payload: Values that were sent, by name; the signal may have sent others, too.

        Returns:
            The first such send.

        Raises:
            AssertionError: It was not; the message lists what was sent instead.
            LookupError: The signal's name looks like a misspelling of a known one.
            ValueError: ``times`` is less than 1.
        """
        __tracebackhide__ = True
        if times is not None and times < 1:
            raise ValueError("`times` is at least 1: for none there is `assert_not_sent`")
        matching = self.of(signal, sender, **payload)
        if not matching or times not in (None, len(matching)):
            expected = f"to be sent {often(times) if times else 'at least once'}"
            raise failure(_wanted(signal, sender, payload), expected, self._sent, matching)
        return matching[0]

    def assert_not_sent(
        self, signal: str | Signal[Any], sender: object = None, /, **payload: object
    ) -> None:
        """Assert that a signal was not sent.

        Args:
            signal: The signal or its name.
            sender: The sender; ``None`` for any.
            payload: Values by name; only sends with all of them count.

        Raises:
            AssertionError: It was; the message lists what was sent.
            LookupError: The signal's name looks like a misspelling of a known one.
        """
        __tracebackhide__ = True
        if matching := self.of(signal, sender, **payload):
            raise failure(_wanted(signal, sender, payload), "not to be sent", self._sent, matching)

    def assert_order(self, *signals: str | Signal[Any] | tuple[str | Signal[Any], object]) -> None:
        """Assert that signals were sent in an order; others may have been sent between them.

        Args:
            signals: Signals or their names, each alone or as a pair with its sender.

        Raises:
            AssertionError: They were not; the message lists what was sent, in order.
            LookupError: A signal's name looks like a misspelling of a known one.
        """
        __tracebackhide__ = True
        left = iter(self._sent)
        pairs = [each if isinstance(each, tuple) else (each, None) for each in signals]
        for index, pair in enumerate(pairs):
            matching = {id(each) for each in self.of(*pair)}
            if not any(id(each) in matching for each in left):
                wanted = [_wanted(signal, sender, {}) for signal, sender in pairs]
                raise disorder(wanted, index, self._sent)

    def __repr__(self) -> str:
        return f"<{len(self)} sent: {', '.join(self.names)}>" if self else "<nothing sent>"

    def _check_name(self, name: str) -> None:
        """Refuse a misspelt name: it is never sent, so ``assert_not_sent`` would always pass."""
        registries = [state_of(each.signal).registry for each in self._sent]
        known = {
            *declared_signals(ModelSignals),
            *self.names,
            *(known for registry in registries if registry for known in registry.signals),
        }
        near = None if name in known else suggest(name, known)
        if near:
            raise LookupError(f"there is no signal `{name}`: did you mean `{near}`?")


def _wanted(signal: str | Signal[Any], sender: object, payload: Mapping[str, Any]) -> Wanted:
    return Wanted(signal if isinstance(signal, str) else signal.name, sender, payload)


@contextmanager
def capture_signals(*targets: Target) -> Generator[SentSignals]:
    """Capture the sends of this process, with the receivers that they reach.

    Args:
        targets: Signals; models or emitters, which stand for all their signals. An abstract model
            stands for every model that derives from it. Without targets, every signal.

    Yields:
        The sends so far; they can be read after the block, too.

    Raises:
        SignalDefinitionError: A target is not a signal, model or emitter.
    """
    captured = SentSignals()

    def capture(sent: SentSignal, call_next: CallNext[T], /) -> Coroutine[Any, Any, T]:
        operation, where = find_operation(sent.signal.protocol)
        payload = dict(sent.payload)
        captured.add(
            Sent(
                sent.signal.name,
                sent.sender,
                payload,
                operation,
                where,
                sent.receivers,
                sent.signal,
            )
        )
        return call_next(sent)

    add_middleware(capture, *targets, priority=_PRIORITY)
    try:
        yield captured
    finally:
        remove_middleware(capture)
