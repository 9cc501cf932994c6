from ormar.signals.signal import Signal as Signal, SignalEmitter as SignalEmitter

__all__ = ["Signal", "SignalEmitter"]
