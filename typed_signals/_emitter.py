"""``SignalEmitter``: signals as attributes, declared by a Protocol or made on access."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NoReturn,
    Self,
    cast,
    get_args,
)

from typing_extensions import TypeVar

from typed_signals._annotations import annotated_names
from typed_signals._backend import Backend, find_backend
from typed_signals._connect import backend_of, join_errors, validate_connected
from typed_signals._connection import Connection, make_connection
from typed_signals._declared import declared_signals, wrong_model
from typed_signals._describe import kind_of, suggest
from typed_signals._errors import (
    SignalDefinitionError,
    SignalDefinitionWarning,
    SignalNameWarning,
    warn,
)
from typed_signals._misuse import other_signals, shared_value
from typed_signals._options import wrong_choice
from typed_signals._protocols import CustomReceiver
from typed_signals._registry import (
    BaseSignal,
    Mode,
    Registry,
    SignalState,
    changes,
    lock,
    state_of,
    written_protocol,
)
from typed_signals._signal import Signal

__all__ = [
    "SignalEmitter",
    "bind_emitter",
    "bind_signal",
    "get_emitter",
    "get_signals",
    "registry_of",
]

M = TypeVar("M", default=Any)
E = TypeVar("E", bound="SignalEmitter[Any]")


if TYPE_CHECKING:
    # basedpyright wants a value for every attribute that a class declares, but not in an ABC.
    from abc import ABC
else:
    ABC = object


class SignalEmitter(Generic[M], ABC):  # noqa: PYI059 - at run time that is `object`
    """Signals as attributes.

    A subclass declares signals by annotation, each with the Protocol that is its contract::

        class ShopSignals(SignalEmitter[Shop]):
            order_paid: Signal[OrderPaid]

    A signal of any other name is made on first access, with :class:`CustomReceiver` as its
    contract. Because every public name is a signal, an emitter has no methods: use
    ``name in emitter``, ``emitter[name]``, ``len(emitter)``, iteration over names and ``repr``.
    Names that start with an underscore are never signals.

    Args:
        mode: How strict the checks are (see :data:`~typed_signals.Mode`). A strict emitter refuses
            names that it does not declare.

    Raises:
        SignalDefinitionError: ``mode`` is not one of the modes.
    """

    __slots__ = ("__dict__", "__signal_registry__", "__weakref__")

    __signal_registry__: Registry

    def __init__(self, *, mode: Mode = "normal") -> None:
        if wrong := wrong_choice(f"`mode` of {type(self).__name__}", mode, get_args(Mode)):
            raise SignalDefinitionError(wrong)
        signals: dict[str, Signal[Any]] = {}
        object.__setattr__(self, "__dict__", signals)  # Python 3.13's own is four times as big
        object.__setattr__(
            self, "__signal_registry__", Registry(type(self).__name__, mode, signals)
        )

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        annotated = annotated_names(cls)
        for name, value in list(vars(cls).items()):
            declared = name in annotated and not name.startswith("_")
            if declared or isinstance(value, Signal):
                raise SignalDefinitionError(shared_value(cls.__qualname__, name))

    def __set_name__(self, owner: type, name: str) -> None:
        """Bind the emitter to the class that has it as an attribute."""
        bind_emitter(self, owner)

    # --- signals ---------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Signal[CustomReceiver[M]]:
        if name.startswith("_"):  # dunders and the probes of debuggers: nothing is made for them
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        declared = declared_signals(type(self)).get(name)
        if declared is None:
            self._check_name(name)
            self._check_unknown(name)
        made = Signal() if declared is None else declared.signal_class()
        bind_signal(self, name, made)
        return cast("Signal[CustomReceiver[M]]", vars(self).setdefault(name, made))

    def __setattr__(self, name: str, value: Signal[Any]) -> None:
        if name == "__orig_class__":  # set by `typing` on what `Emitter[Model]()` returns
            raise AttributeError(name)
        self._check_name(name)
        if name not in self:
            self._check_unknown(name)
        given: Any = value  # despite its type, it may be a signal of an ORM, or no signal
        what = kind_of(given)
        backend = find_backend(given)
        signal: BaseSignal | None = given
        if not isinstance(given, BaseSignal):
            signal = backend.copy_signal(given)
        if signal is None:
            raise self._backend.definition_error(
                f"`{name}` of {registry_of(self).label} must be a signal, not {what}: write "
                f"`signals.{name} = Signal()`, or connect a receiver with "
                f"`signals.{name}.connect(...)`"
            )
        declared = declared_signals(type(self)).get(name)
        if declared is not None and not issubclass(type(signal), declared.signal_class):
            raise self._backend.definition_error(
                f"`{name}` of {registry_of(self).label} is declared as "
                f"a `{declared.signal_class.__qualname__}`, not as {what}"
            )
        bind_signal(self, name, signal)
        with lock:
            vars(self)[name] = signal if signal is given else backend.convert_signal(given, signal)
            changes.count()

    def __getitem__(self, name: str) -> Signal[Any]:
        self._check_name(name)
        return cast("Signal[Any]", getattr(self, name))

    def __contains__(self, name: object) -> bool:
        return name in vars(self) or name in declared_signals(type(self))

    def __iter__(self) -> Iterator[str]:
        return iter({**declared_signals(type(self)), **vars(self)})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self})

    def __repr__(self) -> str:
        signals: list[tuple[str, Signal[Any]]] = list(vars(self).items())
        counts = [
            f"{name} {len(receivers)}"
            for name, signal in signals
            if (receivers := signal.receivers)
        ]
        of = f" of {registry_of(self).label}" if registry_of(self).owner else ""
        return f"<{type(self).__name__}{of}: {', '.join(counts) or 'no receivers'}>"

    # --- copies ----------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        """An independent emitter with the same receivers, which belongs to no model."""
        copy = type(self)(mode=registry_of(self).mode)
        signals: list[tuple[str, Signal[Any]]] = list(vars(self).items())
        for name, signal in signals:
            twin = signal.__copy__()
            bind_signal(copy, name, twin)
            vars(copy)[name] = twin
        return copy

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            f"the signals of {registry_of(self).label} cannot be pickled: their receivers are "
            "functions of this process. Connect them again where they are needed."
        )

    # --- checks ----------------------------------------------------------------------------------

    @property
    def _backend(self) -> Backend:
        return find_backend(registry_of(self).owner)

    def _check_name(self, name: object) -> None:
        if not isinstance(name, str) or name.startswith("_") or not name.isidentifier():
            raise self._backend.definition_error(
                f"`{name}` cannot be a signal of {registry_of(self).label}: a signal's name is an "
                "identifier that does not start with an underscore"
            )

    def _check_unknown(self, name: str) -> None:
        known = declared_signals(type(self))
        near = suggest(name, known)
        hint = f"did you mean `{near}`?" if near else f"known are {', '.join(known) or 'none'}"
        label = registry_of(self).label
        if registry_of(self).mode == "strict":
            error = self._backend.unknown_error(f"{label} has no signal `{name}`: {hint}")
            error.name = name  # else Python looks for a name itself, and may suggest another one
            raise error
        if near:
            warn(
                f"{label} has no signal `{name}`: {hint} A custom signal of that name was made; "
                "nothing sends it unless your code does.",
                SignalNameWarning,
            )


def registry_of(emitter: SignalEmitter[Any]) -> Registry:
    """Reach the registry of an emitter from the rest of this package."""
    return emitter.__signal_registry__


def bind_emitter(
    emitter: SignalEmitter[Any], owner: type, parents: tuple[SignalEmitter[Any], ...] = ()
) -> None:
    """Bind an emitter to a class; it inherits the receivers of its parents.

    Args:
        emitter: The emitter.
        owner: The class that sends its signals.
        parents: The emitters of the class's abstract bases.
    """
    registry_of(emitter).bind(owner, tuple(registry_of(each) for each in parents))


def bind_signal(emitter: SignalEmitter[Any], name: str, signal: BaseSignal) -> None:
    """Bind a signal to an emitter; a signal that is bound to another stays bound to that one.

    Args:
        emitter: The emitter; the caller still has to store the signal in it.
        name: The signal's name in it.
        signal: The signal.

    Raises:
        SignalDefinitionError: The signal has another contract than the emitter declares, or one
            of its receivers breaks the declared one. The signal is unchanged then.
    """
    registry, state = registry_of(emitter), state_of(signal)
    found = declared_signals(type(emitter)).get(name)
    declared = found.protocol if found else None
    own = signal.protocol if state.registry else state.protocol or written_protocol(signal)
    if declared and own and own is not declared:
        raise find_backend(registry.owner).definition_error(
            f"signal `{name}` of {registry.label} is declared with the contract "
            f"`{declared.__qualname__}`, not `{own.__qualname__}`: assign a `Signal()` or a "
            f"`Signal[{declared.__qualname__}]()`"
        )
    if state.registry is not None:
        return
    before = state.name, state.protocol
    state.registry, state.name, state.protocol = registry, name, own or declared
    try:
        connections = _validated_again(signal, state)
    except BaseException:
        state.registry, (state.name, state.protocol) = None, before
        raise
    with lock:
        state.connections = connections
        changes.count()


def _validated_again(signal: BaseSignal, state: SignalState) -> dict[Hashable, Connection]:
    """Check the receivers against a contract that was set later, and renew their connections."""
    errors: list[SignalDefinitionError] = []
    warnings: list[str] = []
    for each in state.connections.values():
        error, tolerated = validate_connected(signal, each)
        errors += [error] if error else []
        warnings += tolerated
    if errors:
        raise join_errors(errors, backend_of(state).definition_error)
    for text in warnings:
        warn(text, SignalDefinitionWarning)
    return {
        key: make_connection(
            signal, each.receiver, each.options, durable=each.durable, order=each.order
        )
        for key, each in state.connections.items()
    }


# --- senders -------------------------------------------------------------------------------------


def get_emitter(sender: object) -> SignalEmitter[Any]:
    """Find the emitter of a sender.

    Args:
        sender: A class whose ``signals`` is an emitter, or a model class of a supported ORM.

    Returns:
        The emitter.

    Raises:
        SignalDefinitionError: ``sender`` has none.
    """
    backend = find_backend(sender)
    emitter = backend.find_emitter(sender)
    if isinstance(emitter, SignalEmitter):
        return emitter  # pyright: ignore[reportUnknownVariableType] - of any sender
    raise backend.no_signals(sender)


def get_signals(sender: type, kind: type[E]) -> E:
    """Find the emitter of a sender, as the emitter class that declares its signals.

    Args:
        sender: A model class.
        kind: The emitter class that was installed for it.

    Returns:
        The sender's emitter, so that declared signals are known to type checkers.

    Raises:
        SignalDefinitionError: The sender has no emitter, or one of another class.
    """
    emitter, given = get_emitter(sender), cast("object", kind)
    if not isinstance(given, type):
        text = f"`get_signals()` expects an emitter class, not {kind_of(given)}"
    elif isinstance(emitter, kind):
        return emitter
    else:
        names = (each.__qualname__ for each in (sender, type(emitter), kind))
        text = wrong_model(kind, sender) or other_signals(*names)
    raise find_backend(sender).definition_error(text)
