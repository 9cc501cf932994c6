"""The full names of what the plugin looks for in mypy's symbol tables."""

__all__ = [
    "CONFIG_SIGNALS",
    "CONNECTOR",
    "DECORATORS",
    "EMITTER",
    "INSTALL",
    "MODEL_SIGNALS",
    "ORMAR_MODEL",
    "SIGNAL",
    "SIGNALS_OF",
]

CONNECTOR = "typed_signals.decorators.Connector"
EMITTER = "typed_signals.emitter.SignalEmitter"
INSTALL = "typed_signals.ormar.install.install"
MODEL_SIGNALS = "typed_signals.emitter.ModelSignals"
ORMAR_MODEL = "ormar.models.model.Model"
SIGNAL = "typed_signals.signal.Signal"
SIGNALS_OF = "typed_signals.emitter.signals_of"

# Where the stubs for ormar declare a model's signals.
CONFIG_SIGNALS = ("ormar.models.OrmarConfig.signals", "ormar.models.Model.signals")

# The modules whose functions are the decorators.
DECORATORS = ("typed_signals.decorators", "ormar.decorators.signals")
