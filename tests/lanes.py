"""Which lane the tests run on, read from what is installed; without an ORM, `core`."""

from importlib.metadata import PackageNotFoundError, version


def _installed(package: str) -> str:
    """The version of a package, without its last number; empty if it is not installed."""
    try:
        return ".".join(version(package).split(".")[:2])
    except PackageNotFoundError:
        return ""


ORMAR = _installed("ormar")

NAME = {
    "0.26": "current",
    "0.21": "databases",
    "0.12": "legacy",
    "": "sqlalchemy" if _installed("sqlalchemy") else "core",
}[ORMAR]

CORE = NAME == "core"

CURRENT = NAME == "current"
DATABASES = NAME == "databases"
LEGACY = NAME == "legacy"
SQLALCHEMY = NAME == "sqlalchemy"

ENGINES = CURRENT or SQLALCHEMY
"""Databases are SQLAlchemy's own engines, with a driver for each of them."""

CONFIG = "Meta" if LEGACY else "ormar_config"
"""The attribute of a model of ormar that holds its configuration."""
