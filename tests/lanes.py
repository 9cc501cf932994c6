"""Which lane the tests run on, told by the ormar that is installed."""

from importlib.metadata import version

NAME = {"0.26": "current", "0.21": "databases", "0.12": "legacy"}[
    ".".join(version("ormar").split(".")[:2])
]

CURRENT = NAME == "current"
DATABASES = NAME == "databases"
LEGACY = NAME == "legacy"
