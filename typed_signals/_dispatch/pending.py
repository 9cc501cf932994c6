"""The sends that wait for a commit, and how the end of a savepoint affects them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Generic, TypeVar
from weakref import WeakKeyDictionary

from typed_signals._dispatch.on_commit import DeferredSend

__all__ = ["MARK", "PendingSends"]

K = TypeVar("K")

MARK: Final = "SAVEPOINT typed_signals"
"""The statement that marks a transaction."""


class PendingSends(Generic[K]):
    """The sends that wait for the commit of the transaction that is open on a connection.

    A database may end a transaction by itself when a statement fails (a deadlock, SQLite's
    ``ON CONFLICT ROLLBACK``), and most then begin another one with the next statement. So it is
    not enough to see that a transaction is open. With the first send that is kept, a savepoint is
    set: the mark. If the transaction is gone, so is its mark. In PostgreSQL a failed transaction
    stays failed until its end, so there it is enough to set a savepoint just before the commit.

    Rolling back a savepoint undoes everything that came after it on its connection. So it is
    enough to know how many sends were kept when each savepoint began.

    Args:
        dialect: The name of the database's SQL dialect.

    Attributes:
        kept: The sends in their order, each with a value of its owner's.
        lost: Whether a savepoint was gone at its end, and so the transaction that it was in.
        is_marked: Whether the transaction has its mark.
        check: The statement that fails if the transaction is not the one that was marked.
    """

    def __init__(self, dialect: str) -> None:
        self.kept: list[tuple[DeferredSend, K]] = []
        self.lost = False
        self.is_marked = False
        self._stays_failed = dialect.startswith("postgres")
        self.check: Final = MARK if self._stays_failed else f"RELEASE {MARK}"
        self._starts: WeakKeyDictionary[object, int] = WeakKeyDictionary()

    @property
    def sends(self) -> list[DeferredSend]:
        """The sends, in their order."""
        return [send for send, _ in self.kept]

    def take_back(self, send: DeferredSend) -> bool:
        """Cancel a send.

        Returns:
            Whether it was pending.
        """
        for index, (each, known) in enumerate(self.kept):
            if each is send and not self.lost:
                # Its place stays: for each savepoint, the sends before it are counted.
                self.kept[index] = replace(each, connections=()), known
                return True
        return False

    def follow(self, savepoint: object | None, start: int) -> bool:
        """Note where in the transaction the next send is kept.

        Args:
            savepoint: The innermost savepoint; ``None`` if there is none.
            start: How many sends were kept before it.

        Returns:
            Whether the caller has to run :data:`MARK` and then set :attr:`is_marked`.
        """
        if savepoint is not None:
            self._starts.setdefault(savepoint, start)
            return False
        if self._stays_failed:
            self.is_marked = True
        return not self.is_marked

    def end(self, savepoint: object | None) -> int:
        """Forget a savepoint that ends.

        Returns:
            How many sends were kept before it.
        """
        kept = len(self.kept)
        return kept if savepoint is None else self._starts.pop(savepoint, kept)

    def drop(self, start: int) -> None:
        """Forget the sends after the first ``start``: they are rolled back."""
        del self.kept[start:]
