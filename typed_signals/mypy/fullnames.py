"""The full names of what the plugin looks for in mypy's symbol tables."""

CONNECT = "typed_signals._signal.Connect"
CONNECTOR = "typed_signals._signal.Connector"
EMITTER = "typed_signals._emitter.SignalEmitter"
DURABLE = "typed_signals._durable"
CUSTOM_DURABLE = f"{DURABLE}.CustomDurableReceiver"
JOB = f"{DURABLE}.Job"
LIFECYCLE = "typed_signals.lifecycle"
LIFECYCLES = (LIFECYCLE, "typed_signals.sqlalchemy.lifecycle")
INSTALLS = (
    "typed_signals.ormar._install.install",
    "typed_signals.sqlalchemy._install.install",
)
MODEL_SIGNALS = "typed_signals.lifecycle.ModelSignals"
ORMAR_MODEL = "ormar.models.model.Model"
SIGNAL = "typed_signals._signal.Signal"
# `@signal`, and what `@signal(...)` returns.
SIGNAL_DECORATORS = (
    "typed_signals._function_signal.signal",
    "typed_signals._function_signal.SignalDecorator.__call__",
)
GET_SIGNALS = (
    "typed_signals._emitter.get_signals",
    "typed_signals.sqlalchemy._session.get_signals",
)

# What a mapped class of SQLAlchemy derives from, or its metaclass does; and the emitter class that
# it has, though no attribute of it shows this.
MAPPED = (
    "sqlalchemy.orm.decl_api.DeclarativeAttributeIntercept",
    "sqlalchemy.orm.decl_api.DeclarativeBaseNoMeta",
)
MAPPED_SIGNALS = "typed_signals.sqlalchemy.lifecycle.ModelSignals"

# Where the stubs for ormar declare a model's signals.
CONFIG_SIGNALS = (
    "ormar.models.ormar_config.OrmarConfig.signals",
    "ormar.models.Model.signals",
)

# The modules whose functions are the decorators.
DECORATORS = (
    "typed_signals._model_decorators",
    "typed_signals._decorators",
    "ormar.decorators.signals",
)

# Decorators whose sender may be a mixin of models, which no metaclass shows.
DECORATORS_WITH_MIXINS = ("typed_signals.sqlalchemy.lifecycle",)
