"""Durable receivers: they run at least once after the commit, on any machine, whatever dies.

Needs the extra ``durable``, and ormar 0.22 or later.
"""

from importlib.util import find_spec

if find_spec("pydantic_core") is None:  # pydantic 1 has none
    raise ImportError(
        "durable receivers need SQLAlchemy 2, pydantic 2 and ormar 0.22 or later: "
        "pip install 'typed-signals[durable]'"
    )

from typed_signals.durable._connect import connect_durable, durably
from typed_signals.durable._durable import Durable, Upgrade
from typed_signals.durable._errors import DurableError, NoTransactionError
from typed_signals.durable._event import Event, Publish
from typed_signals.durable._outbox import Status, TableOutbox
from typed_signals.durable._seam import (
    DurableBulkReceiver,
    DurableOption,
    DurableReceiver,
    DurableRelationReceiver,
    Job,
)
from typed_signals.durable._worker import Worker

__all__ = [
    "Durable",
    "DurableBulkReceiver",
    "DurableError",
    "DurableOption",
    "DurableReceiver",
    "DurableRelationReceiver",
    "Event",
    "Job",
    "NoTransactionError",
    "Publish",
    "Status",
    "TableOutbox",
    "Upgrade",
    "Worker",
    "connect_durable",
    "durably",
]
