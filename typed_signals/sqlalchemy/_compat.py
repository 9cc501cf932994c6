"""What differs between the supported versions of SQLAlchemy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import sqlalchemy
from sqlalchemy import util

__all__ = ["await_", "greenlet_spawn", "in_greenlet"]

T = TypeVar("T")

if int(sqlalchemy.__version__.partition(".")[0]) < 2:
    raise ImportError(
        f"typed_signals.sqlalchemy needs SQLAlchemy 2.0 or later, not {sqlalchemy.__version__}: "
        "its sessions before that have no typed models"
    )

await_: Final[Callable[[Awaitable[Any]], Any]] = getattr(util, "await_", util.await_only)
"""Lets synchronous code that SQLAlchemy runs await something; since 2.1 under this name. The
documented ``AdaptedConnection.run_async()`` does the same, but needs a connection: a flush would
begin a transaction just to find that there are no receivers."""

greenlet_spawn: Final = util.greenlet_spawn


def in_greenlet() -> bool:
    """Tell whether the running code may use :data:`await_`."""
    return util.concurrency.in_greenlet()
