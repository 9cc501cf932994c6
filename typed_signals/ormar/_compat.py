"""What differs between ormar's eras in how models are configured. Only this module handles it."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from typing import Any

import ormar as installed

__all__ = ["Era", "era", "ormar"]

Model = type[Any]

ormar: Any = installed
"""The ormar that is installed, untyped: no one description of its types fits all eras."""


class Era(ABC):
    """How one era of ormar configures its models."""

    attribute: str
    """The model's attribute that holds its configuration."""

    def own_config(self, model: Model) -> Any | None:
        """The configuration that a model class itself was written with."""
        return vars(model).get(self.attribute)

    def config(self, model: Model) -> Any | None:
        """The configuration of a model class, possibly inherited."""
        return getattr(model, self.attribute, None)

    def is_abstract(self, config: Any) -> bool:
        """Whether the model is only there to be inherited from."""
        return bool(getattr(config, "abstract", False))

    def set_signals(self, config: Any, emitter: object) -> None:
        """Give a configuration its emitter."""
        config.signals = emitter

    @abstractmethod
    def signals(self, config: Any) -> object | None:
        """The emitter of a configuration, ``None`` before it has one."""

    @abstractmethod
    def is_config(self, target: object) -> bool:
        """Whether something is a configuration that models can be derived from."""

    @abstractmethod
    def follow(self, base: Any, configs: Iterable[Any], undo: ExitStack) -> None:
        """Prepare a base configuration so that what derives from it can be found.

        Args:
            base: The base configuration.
            configs: The configurations of the models that exist.
            undo: Collects the callbacks that undo everything.
        """

    @abstractmethod
    def derives(self, config: Any, base: Any) -> bool:
        """Whether a configuration derives from a base that is followed."""

    @abstractmethod
    def answer_meta(self, model: Model) -> None:
        """Make ``Meta`` available on a model class and all its subclasses."""

    @abstractmethod
    def forget_meta(self, model: Model) -> None:
        """Undo :meth:`answer_meta`."""


class MetaEra(Era):
    """Before ormar 0.20: ``class Meta`` inside the model."""

    attribute = "Meta"

    def signals(self, config: Any) -> object | None:
        # A `Meta` may inherit from another model's. ormar then shares the emitter of a concrete
        # model. That of an abstract model is never shared: it is a parent.
        for cls in config.__mro__:
            if "signals" in vars(cls):
                shared = cls is not config and self.is_abstract(cls)
                return None if shared else vars(cls)["signals"]
        return None

    def is_config(self, target: object) -> bool:
        return isinstance(target, type) and not issubclass(target, ormar.Model)

    def follow(self, base: Any, configs: Iterable[Any], undo: ExitStack) -> None:
        pass  # inheritance shows it

    def derives(self, config: Any, base: Any) -> bool:
        return issubclass(config, base)

    def answer_meta(self, model: Model) -> None:
        pass  # it does by itself

    def forget_meta(self, model: Model) -> None:
        pass


class ConfigEra(Era):
    """From ormar 0.20 on: ``ormar_config = OrmarConfig(...)`` in the model."""

    attribute = "ormar_config"

    def signals(self, config: Any) -> object | None:
        signals: object = config.signals
        return signals

    def is_config(self, target: object) -> bool:
        return isinstance(target, ormar.OrmarConfig)

    def follow(self, base: Any, configs: Iterable[Any], undo: ExitStack) -> None:
        ormar.OrmarConfig.__copy__ = _plain_copy  # for `copy.copy()`; ormar itself has none
        if _remembers(base):
            return
        undo.callback(_put_back, base, dict(vars(base)))
        _remember(base, (base,))
        # An earlier configuration has no record of what it was copied from; what it shares counts.
        for config in configs:
            if (
                not _remembers(config)
                and config.metadata is base.metadata is not None
                and config.database is base.database
            ):
                undo.callback(_put_back, config, dict(vars(config)))
                config.typed_signals_bases = _Bases((*_bases(config), base))

    def derives(self, config: Any, base: Any) -> bool:
        return any(each is base for each in _bases(config))

    def answer_meta(self, model: Model) -> None:
        # A `Meta` that somebody wrote, here or in a mixin, stays theirs.
        if not any("Meta" in vars(cls) for cls in model.__mro__):
            type.__setattr__(model, "Meta", _MetaAnswer())

    def forget_meta(self, model: Model) -> None:
        if isinstance(vars(model).get("Meta"), _MetaAnswer):
            type.__delattr__(model, "Meta")


class _MetaAnswer:
    """``Album.Meta`` answers with ``Album.ormar_config``, as in the ormars before 0.20."""

    def __get__(self, instance: object, owner: type) -> Any:
        for cls in owner.__mro__:  # a mixin further on may have one of its own
            written = vars(cls).get("Meta", self)
            if not isinstance(written, _MetaAnswer):
                return written
        try:
            config: Any = getattr(owner, ConfigEra.attribute)
            return config
        except AttributeError:
            message = f"type object {owner.__name__!r} has no attribute 'Meta'"
            raise AttributeError(message) from None


class _Bases(tuple[Any, ...]):
    """The bases that a configuration was copied from; a deep copy of it keeps the same ones."""

    __slots__ = ()

    def __deepcopy__(self, memo: object) -> _Bases:
        return self


def _bases(config: Any) -> tuple[Any, ...]:
    bases: tuple[Any, ...] = vars(config).get("typed_signals_bases", ())
    return bases


def _copy_and_remember(base: Any, copy: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Copy a configuration so that the copy remembers what it was copied from."""
    made = copy(*args, **kwargs)
    _remember(made, (*_bases(base), made))
    return made


def _plain_copy(config: Any) -> Any:
    """Make a plain copy, as of any object, whose ``copy`` method is not that of the original."""
    made = object.__new__(type(config))
    vars(made).update(vars(config))
    if _remembers(config):
        _remember(made, (*_bases(config), made))
    return made


def _remembers(config: Any) -> bool:
    copy = vars(config).get("copy")
    return _is_ours(copy) and copy.args[0] is config


def _is_ours(copy: object) -> bool:
    return isinstance(copy, partial) and copy.func is _copy_and_remember


def _remember(config: Any, bases: Iterable[Any]) -> None:
    # Assigned to the instance, so the configuration keeps its class, which may be a subclass.
    if _is_ours(vars(config).get("copy")):  # that of the original, if it is a plain copy
        del config.copy
    config.copy = partial(_copy_and_remember, config, config.copy)
    config.typed_signals_bases = _Bases(bases)


def _put_back(config: Any, before: dict[str, Any]) -> None:
    for name in ("copy", "typed_signals_bases"):
        vars(config).pop(name, None)
        if name in before:
            vars(config)[name] = before[name]


era: Era = ConfigEra() if hasattr(ormar, "OrmarConfig") else MetaEra()
"""The era of the ormar that is installed."""
