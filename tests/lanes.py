"""Which lane the tests run on, read from the installed ormar; without one, `core`."""

from importlib.metadata import PackageNotFoundError, version

try:
    ORMAR = ".".join(version("ormar").split(".")[:2])
except PackageNotFoundError:
    ORMAR = ""

NAME = {"0.26": "current", "0.21": "databases", "0.12": "legacy", "": "core"}[ORMAR]

CORE = NAME == "core"

CURRENT = NAME == "current"
DATABASES = NAME == "databases"
LEGACY = NAME == "legacy"

CONFIG = "Meta" if LEGACY else "ormar_config"
"""The attribute of a model of ormar that holds its configuration."""
