"""What the docstring of a Protocol says, taken apart; the command line prints it."""

from dataclasses import dataclass, replace

import pytest

from typed_signals import PreSaveReceiver
from typed_signals._docstring import COMMON, Docstring, read_docstring


class Whole:
    """Hears of an order, or of ``several``.

    Only once for each.

    Sent by: ``Model.save()``, ``objects.create()`` and .add()

    Args:
        sender: The ``Shop``.
        order: Its number; this line is long, and so it goes on
            in the next one.
    """


class OneLine:
    """Hears of an order."""


class SentByNobody:
    """Hears of nothing.

    Args:
        sender: The shop.
    """


class Silent: ...


@dataclass
class Written:  # dataclasses write a docstring of their own
    order: int


NOTHING = Docstring((), "", {})

TOLD = {
    Whole: Docstring(
        ("Hears of an order, or of `several`.", "Only once for each."),
        "`Model.save()`, `objects.create()` and .add()",
        {
            "sender": "The `Shop`.",
            "order": "Its number; this line is long, and so it goes on in the next one.",
        },
    ),
    OneLine: Docstring(("Hears of an order.",), "", {}),
    SentByNobody: Docstring(("Hears of nothing.",), "", {"sender": "The shop."}),
    Silent: NOTHING,
    Written: NOTHING,
}


@pytest.mark.parametrize(("protocol", "told"), TOLD.items(), ids=lambda each: str(each)[:40])
def test_docstring_is_split_into_its_sections(protocol, told):
    assert read_docstring(protocol) == replace(told, arguments={**COMMON, **told.arguments})


def test_docstring_names_the_calls_that_send_a_signal():
    assert read_docstring(Whole).operations == ("Model.save()", "objects.create()")
    assert read_docstring(Silent).operations == ()
    assert "Model.save()" in read_docstring(PreSaveReceiver).operations
