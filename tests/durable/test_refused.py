"""On older ormars durable receivers are refused, and it is said why."""

import subprocess
import sys

import pytest

from tests import lanes


@pytest.mark.skipif(not lanes.DATABASES, reason="about ormar 0.20 and 0.21, on pydantic 2")
def test_outbox_in_a_database_of_an_older_ormar_is_refused(store):
    from typed_signals.durable import DurableError, TableOutbox

    with pytest.raises(DurableError) as caught:
        TableOutbox(store.base)
    assert str(caught.value) == (
        "durable receivers need an `ormar.DatabaseConnection`, not a `databases.core.Database`: "
        "before ormar 0.22 there is no SQLAlchemy connection to write the outbox row on. Update "
        "ormar, or connect the receiver with `on_commit=True`"
    )


@pytest.mark.skipif(not lanes.LEGACY, reason="about ormar 0.12, on pydantic 1")
def test_package_is_refused_beside_pydantic_1():
    with pytest.raises(ImportError, match=r"need SQLAlchemy 2 and pydantic 2 \(and ormar 0"):
        import typed_signals.durable  # noqa: F401 - the import is what fails


def test_nothing_else_imports_durable_receivers():
    backend = ".ormar" if lanes.ORMAR else ".sqlalchemy" if lanes.SQLALCHEMY else ""
    code = (
        "import sys, typed_signals, typed_signals.testing\n"
        f"from typed_signals{backend} import post_save\n"
        "print([name for name in sys.modules if name.startswith('typed_signals.durable')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
