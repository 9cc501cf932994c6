"""``@signal``: a signal whose contract is the signature of the function that it decorates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast, overload

from typing_extensions import TypeVar

from typed_signals._read_contract import check_function
from typed_signals._registry import Mode, state_of
from typed_signals._signal import Signal

__all__ = ["SignalDecorator", "signal"]

F = TypeVar("F", bound=Callable[..., Awaitable[object]])


class SignalDecorator:
    """Makes a signal of the function that it decorates; see :func:`signal`."""

    def __init__(self, mode: Mode | None, *, sequential: bool | None) -> None:
        self._mode: Mode | None = mode
        self._sequential = sequential

    def __call__(self, function: F) -> Signal[F]:
        """Make a signal of a function.

        Args:
            function: The contract.

        Returns:
            The signal.

        Raises:
            SignalDefinitionError: The function cannot be a contract.
        """
        contract = check_function(function)
        made: Signal[Any] = Signal(mode=self._mode, sequential=self._sequential)
        made.__doc__, made.__module__ = contract.__doc__, contract.__module__
        state = state_of(made)
        state.name, state.protocol = contract.__name__, contract
        return cast("Signal[F]", made)


@overload
def signal(function: F, /) -> Signal[F]: ...
@overload
def signal(*, mode: Mode | None = None, sequential: bool | None = None) -> SignalDecorator: ...
def signal(
    function: Callable[..., Awaitable[object]] | None = None,
    /,
    *,
    mode: Mode | None = None,
    sequential: bool | None = None,
) -> object:
    """Make a signal of an async function: its signature is the contract of the receivers.

    The function is never called; its name and docstring are those of the signal::

        @signal
        async def order_paid(sender: type[Order], *, total: int, **kwargs: object) -> None: ...


        @order_paid.connect
        async def send_receipt(sender: type[Order], total: int, **kwargs: object) -> None: ...


        await order_paid.send(sender=Order, total=42)

    Args:
        function: The contract: ``sender`` first, the payload keyword-only, then
            ``**kwargs: object``. Leave it out to get a decorator:
            ``@signal(mode="strict")``.
        mode: How strict the checks are; see :data:`~typed_signals.Mode`.
        sequential: How receivers are called; see :attr:`Signal.sequential`.

    Returns:
        The signal, which belongs to no emitter; or, with options alone, the decorator.

    Raises:
        SignalDefinitionError: The function cannot be a contract, or an option has a wrong value.
    """
    decorate = SignalDecorator(mode, sequential=sequential)
    return decorate if function is None else decorate(function)
