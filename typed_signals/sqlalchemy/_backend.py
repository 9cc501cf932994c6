"""What SQLAlchemy supplies to the core: emitters, and the transaction that a send is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import DeclarativeBaseNoMeta

from typed_signals._backend import Backend, Transaction, register_backend, register_class
from typed_signals._errors import skip_frames_of
from typed_signals.sqlalchemy._models import DECLARATIVE, emitter_of, mapper_of
from typed_signals.sqlalchemy._transactions import transaction_of

__all__ = ["SqlalchemyBackend", "backend"]


class SqlalchemyBackend(Backend):
    """The backend of mapped classes, their bases and mixins."""

    def is_model(self, kind: type) -> bool:
        return mapper_of(kind) is not None

    def find_emitter(self, sender: Any) -> object:
        emitter = emitter_of(sender)
        if emitter is None and (mapper_of(sender) or isinstance(sender, DECLARATIVE)):
            raise self.definition_error(
                f"no session sends the signals of `{sender.__qualname__}`: call "
                "`typed_signals.sqlalchemy.install()` with its base class, or with your "
                "`async_sessionmaker`, first"
            )
        return super().find_emitter(sender) if emitter is None else emitter

    def find_transaction(self, sender: Any, payload: Mapping[str, Any]) -> Transaction | None:
        return transaction_of(sender, payload)


backend: Final = SqlalchemyBackend()
for _metaclass in DECLARATIVE:
    register_backend(_metaclass, backend)
register_class(DeclarativeBaseNoMeta, backend)
skip_frames_of("sqlalchemy")
skip_frames_of("sqlmodel")
