"""What ormar supplies to the core: emitters, transactions, errors, and signals of its own."""

# What comes from ormar has no one type that fits all eras.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from typed_signals._backend import Backend, Transaction, register_backend
from typed_signals._errors import skip_frames_of
from typed_signals._registry import BaseSignal
from typed_signals.ormar._changed import Row, column_names, read_row
from typed_signals.ormar._compat import era, ormar
from typed_signals.ormar._convert import convert_signal, copy_signal, receivers_of, set_receivers
from typed_signals.ormar._databases import databases
from typed_signals.ormar._errors import SignalDefinitionError, UnknownSignalError
from typed_signals.ormar._models import bind_to_model
from typed_signals.ormar._transactions import transaction_of

__all__ = ["OrmarBackend"]

ModelMetaclass: type[type] = ormar.models.metaclass.ModelMetaclass


class OrmarBackend(Backend):
    """The backend of ormar's models."""

    definition_error = SignalDefinitionError
    unknown_error = UnknownSignalError

    def find_emitter(self, sender: Any) -> object:
        config = era.config(sender)
        if config is None:
            raise SignalDefinitionError(
                f"`{sender.__qualname__}` sends no signals: it has no `{era.attribute}`. Connect "
                "to a model that has one; an abstract model stands for every model that derives "
                "from it"
            )
        emitter = bind_to_model(sender, config)
        if emitter is None:
            raise SignalDefinitionError(
                f"the signals of `{sender.__qualname__}` are ormar's own: call "
                f"`typed_signals.ormar.install()`, or `install({sender.__qualname__})`, first"
            )
        return emitter

    def find_transaction(self, sender: Any, payload: Mapping[str, Any]) -> Transaction | None:
        return transaction_of(sender)

    def field_names(self, sender: Any) -> list[str]:
        return column_names(sender)

    async def read_old_row(self, payload: Mapping[str, Any]) -> Row | None:
        return await read_row(payload["instance"])

    def share_transaction(self, sender: Any, task: asyncio.Task[Any]) -> None:
        database = getattr(era.config(sender), "database", None)
        if database is not None:
            databases.share(database, task)

    def is_repeat(self, sender: Any, payload: dict[str, Any]) -> bool:
        # With `emit_parent_signals` (ormar 0.25) a child's operation is sent by its parent, too.
        # Receivers of an abstract parent of both have received it from the child by then.
        instance = payload.get("instance")
        # Relations send a weak proxy of the instance.
        return isinstance(instance, sender) and instance.__class__ is not sender


class OrmarSignalBackend(Backend):
    """The backend of ormar's own signals, which are values, not senders."""

    definition_error = SignalDefinitionError

    def copy_signal(self, value: Any) -> BaseSignal | None:
        return copy_signal(value)

    def convert_signal(self, value: Any, copy: BaseSignal) -> BaseSignal:
        return convert_signal(value, copy)

    def put_back_receivers(
        self, value: Any, receivers: Sequence[object], is_kept: Callable[[object], bool]
    ) -> None:
        set_receivers(value, [*receivers, *filter(is_kept, receivers_of(value))])


register_backend(ModelMetaclass, OrmarBackend())
register_backend(ormar.Signal, OrmarSignalBackend())
skip_frames_of("ormar")
