"""What is wrong with a payload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Mistake", "SignalPayloadError"]


class Mistake(NamedTuple):
    """One way in which a payload breaks its contract; never tells a value.

    Attributes:
        parameter: The name in the payload.
        problem: What is wrong with it.
    """

    parameter: str
    problem: str

    def __str__(self) -> str:
        return f"`{self.parameter}` {self.problem}"


class SignalPayloadError(TypeError):
    """A signal was sent with a payload that breaks its contract; no receiver has run.

    Attributes:
        mistakes: Every mistake.
    """

    def __init__(self, message: str, mistakes: Sequence[Mistake]) -> None:
        super().__init__(message)
        self.mistakes: tuple[Mistake, ...] = tuple(mistakes)
