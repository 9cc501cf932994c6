"""The full names of what the plugin looks for in mypy's symbol tables."""

__all__ = ["CONNECTOR", "DECORATORS", "EMITTER", "MODEL_SIGNALS", "ORMAR_MODEL", "SIGNAL"]

CONNECTOR = "typed_signals.decorators.Connector"
EMITTER = "typed_signals.emitter.SignalEmitter"
MODEL_SIGNALS = "typed_signals.emitter.ModelSignals"
ORMAR_MODEL = "ormar.models.model.Model"
SIGNAL = "typed_signals.signal.Signal"

# The modules whose functions are the decorators.
DECORATORS = ("typed_signals.decorators", "ormar.decorators.signals")
