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
    "GET_SIGNALS",
]

CONNECTOR = "typed_signals._decorators.Connector"
EMITTER = "typed_signals._emitter.SignalEmitter"
INSTALL = "typed_signals.ormar._install.install"
MODEL_SIGNALS = "typed_signals.lifecycle.ModelSignals"
ORMAR_MODEL = "ormar.models.model.Model"
SIGNAL = "typed_signals._signal.Signal"
GET_SIGNALS = "typed_signals._emitter.get_signals"

# Where the stubs for ormar declare a model's signals.
CONFIG_SIGNALS = ("ormar.models.OrmarConfig.signals", "ormar.models.Model.signals")

# The modules whose functions are the decorators.
DECORATORS = (
    "typed_signals.lifecycle",
    "typed_signals._decorators",
    "ormar.decorators.signals",
)
