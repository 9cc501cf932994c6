from collections.abc import Callable
from typing import Any

from typed_signals import ModelSignals, Signal as Signal

SignalEmitter = ModelSignals

def callable_accepts_kwargs(func: Callable[..., Any]) -> bool: ...
def make_id(target: Any) -> int | tuple[int, int]: ...
