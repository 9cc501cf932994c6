"""The full names of what the plugin looks for in mypy's symbol tables."""

__all__ = [
    "CONFIG_SIGNALS",
    "CONNECT",
    "CONNECTOR",
    "DECORATORS",
    "EMITTER",
    "GET_SIGNALS",
    "INSTALL",
    "MODEL_SIGNALS",
    "ORMAR_MODEL",
    "SIGNAL",
]

CONNECT = "typed_signals._signal.Connect"
CONNECTOR = "typed_signals._signal.Connector"
EMITTER = "typed_signals._emitter.SignalEmitter"
INSTALL = "typed_signals.ormar._install.install"
MODEL_SIGNALS = "typed_signals.lifecycle.ModelSignals"
ORMAR_MODEL = "ormar.models.model.Model"
SIGNAL = "typed_signals._signal.Signal"
GET_SIGNALS = "typed_signals._emitter.get_signals"

# Where the stubs for ormar declare a model's signals.
CONFIG_SIGNALS = (
    "ormar.models.ormar_config.OrmarConfig.signals",
    "ormar.models.Model.signals",
)

# The modules whose functions are the decorators.
DECORATORS = (
    "typed_signals.lifecycle",
    "typed_signals._decorators",
    "ormar.decorators.signals",
)
