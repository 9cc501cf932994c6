"""Docstrings of Protocols, split into sections for the command line."""

from dataclasses import dataclass, replace

import pytest

from typed_signals import PreSaveReceiver
from typed_signals._docstring import COMMON, Docstring, read_docstring


class Whole:
    """Called for an order, or of ``several``.

    Only once for each.

    Sent by: ``Model.save()``, ``objects.create()`` and .add()

    Args:
        sender: The ``Shop``.
        order: Its number; this line is long, and so it goes on
            in the next one.
    """


class OneLine:
    """Called for an order."""


class SentByNobody:
    """Called for nothing.

    Args:
        sender: The shop.
    """


class Described:
    """Called for an order.

    Args:
        kwargs: More.
        order: Its number.
    """


class Silent: ...


@dataclass
class Written:  # dataclasses generate a docstring
    order: int


NOTHING = Docstring((), "", {})

EXPECTED = {
    Whole: Docstring(
        ("Called for an order, or of `several`.", "Only once for each."),
        "`Model.save()`, `objects.create()` and .add()",
        {
            "sender": "The `Shop`.",
            "order": "Its number; this line is long, and so it goes on in the next one.",
        },
    ),
    OneLine: Docstring(("Called for an order.",), "", {}),
    SentByNobody: Docstring(("Called for nothing.",), "", {"sender": "The shop."}),
    Silent: NOTHING,
    Written: NOTHING,
}


@pytest.mark.parametrize(
    ("protocol", "expected"), EXPECTED.items(), ids=lambda each: str(each)[:40]
)
def test_docstring_is_split_into_its_sections(protocol, expected):
    assert read_docstring(protocol) == replace(expected, arguments={**COMMON, **expected.arguments})


def test_docstring_that_describes_no_parameter_has_those_of_every_contract_in_their_order():
    assert list(read_docstring(OneLine).arguments.items()) == [
        ("sender", "The model class."),
        ("kwargs", "Payload that later versions may add."),
    ]
    assert list(read_docstring(Described).arguments) == ["sender", "order", "kwargs"]
    assert read_docstring(Described).arguments["kwargs"] == "More."


def test_docstring_names_the_calls_that_send_a_signal():
    assert read_docstring(Whole).operations == ("Model.save()", "objects.create()")
    assert read_docstring(Silent).operations == ()
    assert "Model.save()" in read_docstring(PreSaveReceiver).operations
