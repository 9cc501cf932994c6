from typed_signals import ModelSignals as SignalEmitter, Signal as Signal

__all__ = ["Signal", "SignalEmitter"]
