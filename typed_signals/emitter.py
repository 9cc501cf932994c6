"""An emitter: signals as attributes, some declared by a Protocol, others made on access."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, singledispatch
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    NoReturn,
    Self,
    cast,
    get_args,
    get_origin,
)

from typing_extensions import TypeVar

from typed_signals._annotations import annotated_names, class_hint
from typed_signals._options import wrong_choice
from typed_signals.contract import near_miss, no_signals
from typed_signals.errors import (
    SignalDefinitionError,
    SignalNameWarning,
    UnknownSignalError,
    warn,
)
from typed_signals.inspection import unresolved
from typed_signals.receivers import (
    CustomReceiver,
    PostBulkUpdateReceiver,
    PostDeleteReceiver,
    PostRelationAddReceiver,
    PostRelationRemoveReceiver,
    PostSaveReceiver,
    PostUpdateReceiver,
    PreDeleteReceiver,
    PreRelationAddReceiver,
    PreRelationRemoveReceiver,
    PreSaveReceiver,
    PreUpdateReceiver,
)
from typed_signals.signal import Home, Mode, Signal

__all__ = [
    "ModelSignals",
    "SignalEmitter",
    "both",
    "declared_signals",
    "emitter_of",
    "signal_class",
    "signals_of",
]

M = TypeVar("M", default=Any)


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

    Any other name is made on first access, with :class:`CustomReceiver` as its contract. Because
    every public name is a signal, an emitter has no methods: ``name in emitter``,
    ``emitter[name]``, ``len(emitter)``, iteration over names and ``repr`` do that work. Names
    that start with an underscore are never signals.

    Args:
        mode: How much is refused (see :data:`~typed_signals.Mode`). A strict emitter refuses
            names that it does not declare.
    """

    __slots__ = ("__dict__", "__weakref__", "_home")

    _signal_class: ClassVar[type[Signal[Any]]] = Signal
    _error: ClassVar[type[SignalDefinitionError]] = SignalDefinitionError
    _unknown: ClassVar[type[UnknownSignalError]] = UnknownSignalError

    _home: Home

    def __init__(self, *, mode: Mode = "normal") -> None:
        if wrong := wrong_choice(f"`mode` of {type(self).__name__}", mode, get_args(Mode)):
            raise self._error(wrong)
        signals: dict[str, Signal[Any]] = {}
        object.__setattr__(self, "__dict__", signals)  # Python 3.13's own is four times as big
        object.__setattr__(self, "_home", Home(type(self).__name__, mode, signals))

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        annotated = annotated_names(cls)
        for name, value in vars(cls).items():
            declared = name in annotated and not name.startswith("_")
            if declared or isinstance(value, Signal):
                raise cls._error(
                    f"`{cls.__qualname__}.{name}` has a value, which every emitter of the class "
                    f"would share: declare it without (`{name}: Signal[<a receiver Protocol>]`)"
                )

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn whose signals these are, when written as a class attribute."""
        self._own(owner)

    # --- signals ---------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Signal[CustomReceiver[M]]:
        if name.startswith("_"):  # dunders and the probes of debuggers: nothing is made for them
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name not in declared_signals(type(self)):
            self._check_name(name)
            self._check_unknown(name)
        return cast("Signal[CustomReceiver[M]]", self._put(name, signal_class(type(self), name)()))

    def __setattr__(self, name: str, value: Signal[Any]) -> None:
        if name == "__orig_class__":  # what `Emitter[Shop]()` sets, and nobody reads
            return
        self._check_name(name)
        if name not in self:
            self._check_unknown(name)
        signal = self._adopted(name, value)
        if signal is None:
            raise self._error(
                f"`{name}` of {self._home.label} must be a signal, not a "
                f"`{type(value).__qualname__}`: write `signals.{name} = Signal()`, or connect a "
                f"receiver with `signals.{name}.connect(...)`"
            )
        declared = _written_class(type(self), name)
        if not isinstance(signal, declared):
            raise self._error(
                f"`{name}` of {self._home.label} is declared as a `{declared.__qualname__}`, not "
                f"as a `{type(signal).__qualname__}`"
            )
        signal._settle(self._home, name, declared_signals(type(self)).get(name))
        self._home.place(name, signal)

    def __getitem__(self, name: str) -> Signal[Any]:
        self._check_name(name)
        return cast("Signal[Any]", getattr(self, name))

    def __contains__(self, name: object) -> bool:
        return name in self._home.signals or name in declared_signals(type(self))

    def __iter__(self) -> Iterator[str]:
        return iter({**declared_signals(type(self)), **self._home.signals})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        return True

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self})

    def __repr__(self) -> str:
        counts = [
            f"{name} {len(receivers)}"
            for name, signal in list(self._home.signals.items())
            if (receivers := signal.receivers)
        ]
        of = f" of {self._home.label}" if self._home.owner else ""
        return f"<{type(self).__name__}{of}: {', '.join(counts) or 'no receivers'}>"

    # --- copies ----------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        """An emitter of its own whose signals have the same receivers; no model sends it."""
        twin = type(self)(mode=self._home.mode)
        for name, signal in list(self._home.signals.items()):
            twin._put(name, signal.__copy__())
        return twin

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            f"the signals of {self._home.label} cannot be pickled: their receivers are functions "
            "of this process. Connect them again where they are needed."
        )

    # --- inside ----------------------------------------------------------------------------------

    def _adopted(self, name: str, value: object) -> Signal[Any] | None:
        """What was assigned, as a signal; ``None`` if it is not one."""
        return value if isinstance(value, Signal) else None  # pyright: ignore[reportUnknownVariableType] - of any contract

    def _put(self, name: str, signal: Signal[Any]) -> Signal[Any]:
        signal._settle(self._home, name, declared_signals(type(self)).get(name))
        return self._home.signals.setdefault(name, signal)

    def _check_name(self, name: object) -> None:
        if not isinstance(name, str) or name.startswith("_") or not name.isidentifier():
            raise self._error(
                f"`{name}` cannot be a signal of {self._home.label}: a signal's name is an "
                "identifier that does not start with an underscore"
            )

    def _check_unknown(self, name: str) -> None:
        known = declared_signals(type(self))
        near = near_miss(name, known)
        hint = f"did you mean `{near}`?" if near else f"known are {', '.join(known) or 'none'}"
        if self._home.mode == "strict":
            error = self._unknown(f"{self._home.label} has no signal `{name}`: {hint}")
            error.name = name  # else Python looks for a name itself, and may suggest another one
            raise error
        if near:
            warn(
                f"{self._home.label} has no signal `{name}`: {hint} A custom signal of that name "
                "was made; nothing sends it unless your code does.",
                SignalNameWarning,
            )

    def _own(self, owner: type, above: tuple[SignalEmitter[Any], ...] = ()) -> None:
        """Make this the emitter of a class, below the emitters of its abstract bases."""
        self._home.settle(owner, tuple(emitter._home for emitter in above))


class ModelSignals(SignalEmitter[M]):
    """The signals of a model's lifecycle, declared like any others."""

    # The text below each is shown by editors. It is that of its Protocol; a test compares them.

    pre_save: Signal[PreSaveReceiver[M]]
    """A receiver hears of an instance about to be inserted; what it changes on ``instance`` is
    saved."""

    post_save: Signal[PostSaveReceiver[M]]
    """A receiver hears of an instance that was inserted."""

    pre_update: Signal[PreUpdateReceiver[M]]
    """A receiver hears of an instance about to be updated; what it changes on ``instance`` is
    written."""

    post_update: Signal[PostUpdateReceiver[M]]
    """A receiver hears of an instance that was updated."""

    pre_delete: Signal[PreDeleteReceiver[M]]
    """A receiver hears of an instance about to be deleted."""

    post_delete: Signal[PostDeleteReceiver[M]]
    """A receiver hears of an instance whose row was deleted."""

    pre_relation_add: Signal[PreRelationAddReceiver[M]]
    """A receiver hears of a child about to be added to a relation."""

    post_relation_add: Signal[PostRelationAddReceiver[M]]
    """A receiver hears of a child that was added to a relation."""

    pre_relation_remove: Signal[PreRelationRemoveReceiver[M]]
    """A receiver hears of a child about to be removed from a relation."""

    post_relation_remove: Signal[PostRelationRemoveReceiver[M]]
    """A receiver hears of a child that was removed from a relation."""

    post_bulk_update: Signal[PostBulkUpdateReceiver[M]]
    """A receiver hears of instances that were updated in bulk."""


def declared_signals(emitter: type[SignalEmitter[Any]]) -> dict[str, type]:
    """The signals that an emitter class declares, each with its receiver Protocol.

    Args:
        emitter: The emitter class.

    Returns:
        Protocols by signal name, inherited signals first.

    Raises:
        SignalDefinitionError: An annotation is no ``Signal[...]``, or names something that cannot
            be found at run time.
    """
    known = _declared.get(emitter)
    if known is None:
        known = _declared[emitter] = _read_declarations(emitter)
    return known


def signal_class(emitter: type[SignalEmitter[Any]], name: str) -> type[Signal[Any]]:
    """The class of a signal: that of its declaration, and the one that all of an emitter's are of.

    Args:
        emitter: The emitter class.
        name: The signal's name, declared or not.

    Returns:
        The class; one that is both where neither of the two is a subclass of the other.
    """
    return both(_written_class(emitter, name), emitter._signal_class)


def both(one: type[Any], other: type[Any]) -> type[Any]:
    """The class of what is to be of two classes: the one below the other, or one below both."""
    if issubclass(one, other):
        return one
    if issubclass(other, one):
        return other
    return _below(one, other)  # type: ignore[arg-type] # a class does have a hash


@cache
def _below(one: type[Any], other: type[Any]) -> type[Any]:
    return type(one.__name__, (one, other), {"__module__": one.__module__})


def _written_class(emitter: type[SignalEmitter[Any]], name: str) -> type[Signal[Any]]:
    declared_signals(emitter)
    return _classes[emitter].get(name, Signal)


_declared: dict[type[SignalEmitter[Any]], dict[str, type]] = {}
_classes: dict[type[SignalEmitter[Any]], dict[str, type[Signal[Any]]]] = {}


def _read_declarations(emitter: type[SignalEmitter[Any]]) -> dict[str, type]:
    protocols: dict[str, type] = {}
    classes = _classes[emitter] = {}
    owners: list[type] = [cls for cls in emitter.__mro__[::-1] if issubclass(cls, SignalEmitter)]
    for cls in owners:
        for name in annotated_names(cls):
            if name.startswith("_"):
                continue
            try:
                hint = class_hint(cls, name)
            except Exception as error:  # an annotation is any expression, and may fail in any way
                raise emitter._error(
                    f"the annotations of `{emitter.__qualname__}` {unresolved(error)}"
                ) from error
            arguments = get_args(hint)
            origin: object = get_origin(hint) if arguments else hint
            if not (
                isinstance(origin, type)
                and issubclass(origin, Signal)
                and (arguments or issubclass(emitter._signal_class, origin))
            ):
                raise emitter._error(
                    f"`{emitter.__qualname__}.{name}` must be declared as a signal: "
                    f"write `{name}: Signal[<a receiver Protocol>]`"
                )
            protocol: type = arguments[0] if arguments else CustomReceiver
            protocols[name] = get_origin(protocol) or protocol
            classes[name] = origin
    return protocols


@singledispatch
def emitter_of(sender: object) -> SignalEmitter[Any]:
    """Find the emitter of a sender; ORMs register how theirs is found.

    Args:
        sender: A class whose ``signals`` is an emitter, or a model class of a supported ORM.

    Returns:
        The emitter.

    Raises:
        SignalDefinitionError: ``sender`` has none.
    """
    signals: SignalEmitter[Any] | None = getattr(sender, "signals", None)
    if isinstance(signals, SignalEmitter):
        return signals
    given = (
        f"`{sender.__qualname__}`" if isinstance(sender, type) else f"a `{type(sender).__name__}`"
    )
    raise SignalDefinitionError(no_signals(given))


E = TypeVar("E", bound=SignalEmitter[Any])


def signals_of(sender: type, kind: type[E]) -> E:
    """The emitter of a sender, as the emitter class that declares its signals.

    Args:
        sender: A model class.
        kind: The emitter class that was installed for it.

    Returns:
        The sender's emitter, so that declared custom signals are known to type checkers.

    Raises:
        SignalDefinitionError: The sender's emitter is not of that class.
    """
    emitter = emitter_of(sender)
    if isinstance(emitter, kind):
        return emitter
    raise emitter._error(
        f"the signals of `{sender.__qualname__}` are `{type(emitter).__qualname__}`, not "
        f"`{kind.__qualname__}`: install them with `install({sender.__qualname__}, "
        f"signals={kind.__qualname__})`"
    )
