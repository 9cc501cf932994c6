"""Durable receivers: they run at least once after the commit, on any machine, despite crashes.

Needs the extra ``durable``; with ormar 0.22 or later, or SQLAlchemy 2 and SQLModel.
"""

from importlib.util import find_spec

if find_spec("pydantic_core") is None:  # pydantic 1 has none
    raise ImportError(
        "durable receivers need SQLAlchemy 2 and pydantic 2 (and ormar 0.22 or later): "
        "pip install 'typed-signals[durable]'"
    )

from typed_signals.durable._core import (
    CustomDurableReceiver,
    DurableBulkReceiver,
    DurableOption,
    DurableReceiver,
    DurableRelationReceiver,
    Job,
)
from typed_signals.durable._durable import Durable, Upgrade
from typed_signals.durable._engine import Outbox
from typed_signals.durable._errors import DurableError, NoTransactionError
from typed_signals.durable._event import Event, Publish
from typed_signals.durable._outbox import TableOutbox
from typed_signals.durable._work import Status
from typed_signals.durable._worker import Worker

__all__ = [
    "CustomDurableReceiver",
    "Durable",
    "DurableBulkReceiver",
    "DurableError",
    "DurableOption",
    "DurableReceiver",
    "DurableRelationReceiver",
    "Event",
    "Job",
    "NoTransactionError",
    "Outbox",
    "Publish",
    "Status",
    "TableOutbox",
    "Upgrade",
    "Worker",
]
