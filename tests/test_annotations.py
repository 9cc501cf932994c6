"""Annotations as each Python keeps them: values, strings, or computed when they are asked for."""

# ruff: noqa: UP007, UP045 - the old spellings of a union

import sys
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from textwrap import dedent
from types import ModuleType
from typing import Annotated, Any, Literal, Optional, Protocol, Union

import pytest

from typed_signals import Signal, SignalDefinitionError, SignalEmitter

FUTURE = "from __future__ import annotations\n"
COMMON = """\
import typing
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Protocol
from typed_signals import Signal, SignalEmitter
if TYPE_CHECKING:
    import shop
    from collections.abc import Awaitable as Promise
    from decimal import Decimal
"""
DEFERRED = sys.version_info >= (3, 14)
NEEDS_312 = pytest.mark.skipif(sys.version_info < (3, 12), reason="new syntax of Python 3.12")

Written = Callable[[str], Any]
_numbers = count()


@pytest.fixture(
    params=[
        pytest.param(FUTURE, id="future"),
        pytest.param(
            "",
            id="deferred",
            marks=pytest.mark.skipif(
                not DEFERRED, reason="annotations are deferred since Python 3.14"
            ),
        ),
    ]
)
def written(request: pytest.FixtureRequest) -> Iterator[Written]:
    """Make a module from source in which annotations are deferred."""
    made: list[str] = []

    def write(source: str) -> Any:
        name = f"written_{next(_numbers)}"
        made.append(name)
        module: Any = ModuleType(name)
        sys.modules[name] = module
        exec(request.param + COMMON + dedent(source), vars(module))
        return module

    yield write
    for name in made:
        del sys.modules[name]


def refusal(signal: Any, receiver: Any) -> str:
    with pytest.raises(SignalDefinitionError) as caught:
        signal.connect(receiver)
    return str(caught.value)


def cannot_be_found(name: str) -> str:
    return (
        f"name `{name}`, which cannot be found at run time: define or import it at the top of the "
        "module, not in a function or under `if TYPE_CHECKING`"
    )


# --- emitters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "annotation", ["Signal[Paid]", "'Signal[Paid]'", "Signal['Paid']", "Signal['Paid[Any]']"]
)
def test_emitter_declares_a_contract_that_is_defined_later(
    written: Written, annotation: str
) -> None:
    module = written(f"""\
        from typing import TypeVar
        M = TypeVar("M")
        class ShopSignals(SignalEmitter[Any]):
            paid: {annotation}
        class Paid(Protocol[M]):
            def __call__(self, sender: type[M], *, cart: int) -> Awaitable[object]: ...
    """)
    assert module.ShopSignals().paid.protocol is module.Paid


def test_emitter_reads_only_the_annotations_of_signals(written: Written) -> None:
    module = written("""\
        class Priced:
            price: Decimal
        class Paid(Protocol):
            def __call__(self, sender: type[Any], *, cart: int) -> Awaitable[object]: ...
        class ShopSignals(Priced, SignalEmitter[Any]):
            _price: Decimal
            paid: Signal[Paid]
    """)
    assert list(module.ShopSignals()) == ["paid"]


def test_emitter_may_name_what_its_class_holds(written: Written) -> None:
    module = written("""\
        class ShopSignals(SignalEmitter[Any]):
            class Paid(Protocol):
                def __call__(self, sender: type[Any], *, cart: int) -> Awaitable[object]: ...
            paid: Signal[Paid]
    """)
    assert module.ShopSignals().paid.protocol is module.ShopSignals.Paid


def test_emitter_names_what_the_annotation_of_a_signal_cannot_find(written: Written) -> None:
    module = written("""\
        class ShopSignals(SignalEmitter[Any]):
            paid: Signal[Decimal]
    """)
    with pytest.raises(SignalDefinitionError) as caught:
        module.ShopSignals().paid
    assert str(caught.value) == f"the annotations of `ShopSignals` {cannot_be_found('Decimal')}"


def test_emitter_with_a_value_for_a_signal_is_refused_when_its_contract_is_unknown(
    written: Written,
) -> None:
    with pytest.raises(SignalDefinitionError, match=r"^`ShopSignals.paid` has a value"):
        written("""\
            class ShopSignals(SignalEmitter[Any]):
                paid: Signal[Decimal] = 1
        """)


def test_emitter_of_a_module_that_is_not_loaded_declares_signals() -> None:
    names: dict[str, Any] = {"__name__": "not_loaded"}
    exec(COMMON + "class ShopSignals(SignalEmitter['Shop']):\n    paid: Signal[Any]\n", names)

    class Shop:
        signals = names["ShopSignals"]()

    assert list(Shop.signals) == ["paid"]


@NEEDS_312
def test_emitter_with_type_parameters_declares_signals(written: Written) -> None:
    module = written("""\
        class Paid[T](Protocol):
            def __call__(self, sender: type[T], *, cart: T) -> Awaitable[object]: ...
        class ShopSignals[T](SignalEmitter[T]):
            paid: Signal[Paid[T]]
    """)
    assert module.ShopSignals().paid.protocol is module.Paid


@pytest.mark.skipif(not DEFERRED, reason="annotations are deferred since Python 3.14")
def test_names_of_a_function_are_found_where_annotations_are_deferred() -> None:
    names: dict[str, Any] = {}
    exec(
        COMMON
        + dedent("""\
            def make():
                class ShopSignals(SignalEmitter[Any]):
                    paid: Signal[Paid]
                class Cart: ...
                class Paid(Protocol):
                    def __call__(self, sender: type[Any], *, cart: Cart) -> Awaitable[object]: ...
                return ShopSignals()
        """),
        names,
    )
    assert names["make"]().paid.contract.signature == "sender: type[Any], *, cart: Cart"


# --- contracts -----------------------------------------------------------------------------------


def test_contract_names_what_its_annotations_cannot_find(written: Written) -> None:
    module = written("""\
        class Paid(Protocol):
            def __call__(self, sender: type[Any], *, price: Decimal) -> Awaitable[object]: ...
    """)
    text = refusal(Signal[module.Paid](), None)
    assert f": its annotations {cannot_be_found('Decimal')}.\n" in text


def test_contract_may_refer_to_itself_and_to_what_its_class_holds(written: Written) -> None:
    module = written(
        """\
        class Paid(Protocol):
            class Cart: ...
            def __call__(self, sender: "type[Any]", *, cart: Cart, before: "Paid")
        """.rstrip()
        + " -> Awaitable[object]: ...\n"
    )
    assert (
        Signal[module.Paid]().contract.signature == "sender: type[Any], *, cart: Cart, before: Paid"
    )


@NEEDS_312
@pytest.mark.parametrize("name", ["Paid", "Sold", "Plain"])
def test_contract_with_type_parameters_is_read(written: Written, name: str) -> None:
    module = written(
        """\
        class Paid[T](Protocol):
            def __call__(self, sender: type[T], *, cart: T, note: list[T]) -> Awaitable[object]: ...
        class Sold[T](Paid[T], Protocol): ...
        class Plain(Protocol):
            def __call__[T](self, sender: type[T], *, cart: T, note: list[T])
        """.rstrip()
        + " -> Awaitable[object]: ...\n"
    )
    text = refusal(Signal[getattr(module, name)](), lambda: None)
    assert text.endswith(
        "expected: async def receiver(sender: type[Model], *, cart: Model, note: list[Model])"
    )


# --- receivers -----------------------------------------------------------------------------------


def test_receiver_may_annotate_parameters_with_what_does_not_exist(written: Written) -> None:
    module = written("""\
        async def notify(sender: type[shop.Album], price: Decimal, **kwargs: Decimal) -> None: ...
        class Receivers:
            async def method(self, sender, price: Decimal, **kwargs: object) -> Decimal: ...
            async def __call__(self, sender, price: Decimal, **kwargs: object) -> Decimal: ...
        receivers = notify, Receivers().method, Receivers()
    """)
    for receiver in module.receivers:
        signal = Signal()
        signal.connect(receiver)
        assert signal.receivers == (receiver,)


@pytest.mark.parametrize(
    "annotation",
    [
        "Awaitable[Decimal]",
        "'Awaitable[Decimal]'",
        "Awaitable['Decimal']",
        "Awaitable[Decimal | None]",
        "Awaitable[None | Decimal]",
        "Awaitable[list[Decimal]]",
        "Awaitable[shop.Album]",
        "Awaitable[shop.Album[int]]",
        "typing.Awaitable[Decimal]",
        "typing.Coroutine[Any, shop.Album, Decimal | None]",
        "typing.Awaitable[typing.Union[int, Decimal]]",
        "typing.Awaitable[typing.Annotated[Decimal, 'a note']]",
    ],
)
def test_sync_receiver_may_return_an_awaitable_of_what_does_not_exist(
    written: Written, annotation: str
) -> None:
    module = written(f"def notify(sender, price: Decimal, **kwargs) -> {annotation}: ...")
    signal = Signal()
    signal.connect(module.notify)
    assert signal.receivers == (module.notify,)


@NEEDS_312
def test_sync_receiver_with_type_parameters_may_return_an_awaitable(written: Written) -> None:
    module = written("def notify[T](sender: type[T], cart: T, **kwargs) -> Awaitable[T]: ...")
    Signal().connect(module.notify)


@NEEDS_312
def test_sync_receiver_that_returns_a_type_parameter_is_refused(written: Written) -> None:
    module = written("def notify[T](sender: type[T], cart: T, **kwargs) -> T: ...")
    assert "a sync function: write `async def`" in refusal(Signal(), module.notify)


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        ("Promise[None]", "Promise"),
        ("'Promise[None]'", "Promise"),
        ("Promise[None] | None", "Promise"),
        ("shop.Awaitable[Decimal]", "shop"),
    ],
)
def test_sync_receivers_error_names_what_its_return_annotation_cannot_find(
    written: Written, annotation: str, name: str
) -> None:
    module = written(f"def notify(sender, price: Decimal, **kwargs) -> {annotation}: ...")
    assert (
        "\n  - it must be async, but it is a sync function: "
        f"its annotations {cannot_be_found(name)}; or write `async def`\n"
    ) in refusal(Signal(), module.notify)


@pytest.mark.parametrize(
    "annotation",
    ["None", "Any", "int | Awaitable[None]", "Any[None]", "'1 +'", "'(lambda: Promise)()'"],
)
def test_sync_receiver_that_returns_no_awaitable_is_refused(
    written: Written, annotation: str
) -> None:
    module = written(f"def notify(sender, price: Decimal, **kwargs) -> {annotation}: ...")
    assert "it must be async, but it is a sync function: write `async def`" in refusal(
        Signal(), module.notify
    )


def test_emitter_subclass_of_a_subclass_declares_all_signals() -> None:
    class Paid:
        pass

    class First(SignalEmitter[Any]):
        paid: Signal[Any]

    class Second(First):
        sold: Signal[Any]

    assert list(Second()) == ["paid", "sold"]


# --- texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hint", "text"),
    [
        (Optional[int], "int | None"),
        (Union[int, str], "int | str"),
        (Union[int, str, None], "int | str | None"),
        (int | None, "int | None"),
        (dict[str, Optional[list[int]]], "dict[str, list[int] | None]"),
        (Optional[Callable[[Optional[int]], Any]], "Callable[[int | None], Any] | None"),
        (Optional[Literal["Optional[x]"]], "Literal['Optional[x]'] | None"),
        (Annotated[Optional[int], "a note"], "int | None"),
    ],
    ids=str,
)
def test_text_of_an_optional_annotation_is_the_same_on_every_python(hint: Any, text: str) -> None:
    class Paid(Protocol):
        def __call__(self, sender: Any, *, cart: hint, **kwargs: object) -> Awaitable[object]: ...

    assert Signal[Paid]().contract.signature == f"sender: Any, *, cart: {text}, **kwargs: object"


def test_text_of_an_annotation_may_hold_what_is_no_python() -> None:
    class Paid(Protocol):
        def __call__(
            self, sender: Any, *, cart: list[Annotated[Optional[int], object()]]
        ) -> Awaitable[object]: ...

    assert Signal[Paid]().contract.signature.startswith("sender: Any, *, cart: list[Annotated[")
