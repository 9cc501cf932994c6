"""The sends that wait for a commit, and what becomes of them where a savepoint ends."""

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
    ``ON CONFLICT ROLLBACK``), and most then begin another one with the next statement: looking
    whether a transaction is open shows nothing. So a savepoint is set when something is first
    kept: the mark. It is gone if its transaction is. In PostgreSQL a failed transaction stays
    failed until its end: a savepoint then shows as much, and leaves no trace in a transaction that
    commits.

    A savepoint that is rolled back takes with it all that came after it on its connection,
    whoever did it. So it is enough to know how many sends were kept when each savepoint began.

    Args:
        dialect: The name of the database's SQL dialect.

    Attributes:
        kept: The sends in their order, each with what its owner needs to know of it.
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
        """Do not run a send any more.

        Returns:
            Whether it was to be run.
        """
        for index, (each, known) in enumerate(self.kept):
            if each is send and not self.lost:
                # Its place stays: savepoints know by it what came after them.
                self.kept[index] = replace(each, connections=()), known
                return True
        return False

    def follow(self, savepoint: object | None, start: int) -> bool:
        """Follow what is the innermost on the connection now.

        Args:
            savepoint: The innermost savepoint; ``None`` if that is the transaction.
            start: How many sends were kept before it.

        Returns:
            Whether :data:`MARK` is to be run; the transaction then :attr:`is_marked`.
        """
        if savepoint is not None:
            self._starts.setdefault(savepoint, start)
            return False
        if self._stays_failed:
            self.is_marked = True
        return not self.is_marked

    def end(self, savepoint: object | None) -> int:
        """Follow a savepoint no longer: it ends.

        Returns:
            How many sends were kept before it.
        """
        kept = len(self.kept)
        return kept if savepoint is None else self._starts.pop(savepoint, kept)

    def drop(self, start: int) -> None:
        """Forget the sends after the first ``start``: they are rolled back."""
        del self.kept[start:]
