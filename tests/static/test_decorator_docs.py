"""The decorators' docstrings, which editors show, say what the signals' Protocols say."""

import inspect
from typing import Any

import pytest

from scripts.decorator_docs import STUB, docstring_of, documented
from typed_signals import ModelSignals
from typed_signals._declared import declared_signals


def test_decorators_have_the_text_of_their_protocols():
    source = STUB.read_text()
    assert documented(source) == source, "run `python scripts/decorator_docs.py`"


def test_a_changed_docstring_is_written_anew():
    source = STUB.read_text()
    changed = source.replace("The saved model, with its primary key.", "The model.")
    assert changed != source
    assert documented(changed) == source


@pytest.mark.parametrize("signal", declared_signals(ModelSignals))
def test_a_decorator_names_all_that_its_receiver_gets(signal):
    protocol: Any = declared_signals(ModelSignals)[signal].protocol
    names = list(inspect.signature(protocol.__call__).parameters)[1:]
    listed = docstring_of(signal).partition("The receiver gets:\n")[2].splitlines()
    assert [line.split(":")[0].strip() for line in listed if line[4:5] != " "] == names
