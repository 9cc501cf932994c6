"""An emitter: signals as attributes, made on access or declared by a Protocol."""

from __future__ import annotations

import copy
import inspect
import pickle
import traceback
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pytest

from typed_signals import (
    CustomReceiver,
    ModelSignals,
    PreSaveReceiver,
    Signal,
    SignalDefinitionError,
    SignalDefinitionWarning,
    SignalEmitter,
    SignalNameWarning,
    UnknownSignalError,
    get_signals,
)
from typed_signals._describe import kind_of
from typed_signals._emitter import bind_emitter

if TYPE_CHECKING:
    from decimal import Decimal


class OrderPaid(Protocol):
    def __call__(
        self, sender: type[Shop], *, order: int, note: str = "", **kwargs: object
    ) -> Awaitable[object]: ...


class Restocked(Protocol):
    async def __call__(self, sender: type[Shop], *, item: str) -> None: ...


class ShopSignals(SignalEmitter["Shop"]):
    order_paid: Signal[OrderPaid]
    restocked: Signal[Restocked]
    anything: Signal


class Shop:
    signals = ShopSignals()


ELEVEN = [
    "pre_save",
    "post_save",
    "pre_update",
    "post_update",
    "pre_delete",
    "post_delete",
    "pre_relation_add",
    "post_relation_add",
    "pre_relation_remove",
    "post_relation_remove",
    "post_bulk_update",
]


async def receiver(sender, **kwargs): ...


async def wrong(sender, child): ...


@pytest.fixture
def signals() -> Any:
    return ModelSignals()


@pytest.fixture
def shop() -> Any:
    return ShopSignals()


# --- names ---------------------------------------------------------------------------------------


def test_signal_is_made_on_first_access_and_stays_the_same(signals):
    made = signals.sold_out
    assert isinstance(made, Signal)
    assert signals.sold_out is made
    assert signals["sold_out"] is made
    assert made.protocol is CustomReceiver
    assert (made.name, made.title) == ("sold_out", "signal `sold_out` of ModelSignals")


@pytest.mark.parametrize("name", ELEVEN)
def test_emitter_has_each_of_the_eleven_signals(signals, name):
    assert getattr(signals, name) is signals[name]
    assert signals[name].protocol.__name__.removesuffix("Receiver") == "".join(
        word.title() for word in name.split("_")
    )


NOT_SIGNALS_ELSEWHERE = sorted(
    {name for kind in (dict, list, set, str, object) for name in dir(kind) if name[0] != "_"}
    | {"connect", "send", "receivers", "signals", "name", "class", "_"} - {"_"}
)


@pytest.mark.parametrize("name", NOT_SIGNALS_ELSEWHERE)
def test_any_public_name_is_a_signal(signals, name):
    assert isinstance(getattr(signals, name), Signal)
    assert signals[name].name == name
    assert name in signals


PROBES = [
    "__wrapped__",
    "__iter_next__",
    "__array__",
    "__len_hint__",
    "__await__",
    "__call__",
    "__get__",
    "__fspath__",
    "__html__",
    "__rich_repr__",
    "_repr_html_",
    "_repr_mimebundle_",
    "_ipython_display_",
    "_ipython_canary_method_should_not_exist_",
    "_pytestfixturefunction",
    "_",
]


@pytest.mark.parametrize("probe", PROBES)
def test_dunders_and_private_names_create_no_signal(signals, probe):
    assert not hasattr(signals, probe)
    with pytest.raises(AttributeError, match=f"^'ModelSignals' object has no attribute '{probe}'$"):
        getattr(signals, probe)
    assert list(signals) == ELEVEN
    assert vars(signals) == {}


def test_looking_at_an_emitter_creates_no_signal(signals):
    inspect.unwrap(signals)
    inspect.getmembers(type(signals))
    assert not callable(signals)
    assert bool(signals)
    repr(signals), dir(signals), len(signals), list(signals), "sold_out" in signals
    assert vars(signals) == {}


BAD_NAMES = [
    "_hidden",
    "__dict__",
    "__class__",
    "_registry",
    "",
    "two words",
    "1st",
    "pre-save",
    None,
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_name_that_is_no_public_identifier_is_refused(signals, name):
    text = (
        f"`{name}` cannot be a signal of ModelSignals: a signal's name is an identifier that does "
        "not start with an underscore"
    )
    with pytest.raises(SignalDefinitionError) as caught:
        signals[name]
    assert str(caught.value) == text
    if isinstance(name, str):
        with pytest.raises(SignalDefinitionError) as caught:
            setattr(signals, name, Signal())
        assert str(caught.value) == text
        if not name.startswith("_"):
            with pytest.raises(SignalDefinitionError) as caught:
                getattr(signals, name)
            assert str(caught.value) == text
    assert vars(signals) == {}


# --- assignment ----------------------------------------------------------------------------------


def test_assigned_signal_keeps_its_identity_and_receivers(signals):
    mine: Any = Signal()
    mine.connect(receiver)
    signals.sold_out = mine
    assert signals.sold_out is mine
    assert mine.receivers == (receiver,)
    assert mine.title == "signal `sold_out` of ModelSignals"


def test_declared_signal_can_be_assigned_again(signals):
    signals.pre_save.connect(receiver)
    mine: Any = Signal()
    signals.pre_save = mine
    assert signals.pre_save is mine
    assert mine.protocol is PreSaveReceiver
    assert mine.receivers == ()


def test_assigned_signal_keeps_its_own_contract(signals):
    signals.sold_out = Signal[OrderPaid]()
    assert signals.sold_out.protocol is OrderPaid
    with pytest.raises(SignalDefinitionError, match="`child`, which `sold_out` never sends"):
        signals.sold_out.connect(wrong)


class Paid(Signal[OrderPaid]):
    """A custom signal class."""


def test_assigned_signal_subclass_keeps_its_contract(signals):
    signals.sold_out = Paid()
    assert signals.sold_out.protocol is OrderPaid


P = TypeVar("P", bound=Callable[..., Awaitable[object]])


class Special(Signal[P]):
    """A custom signal class without a contract."""


class SpecialSignals(SignalEmitter[Any]):
    order_paid: Special[OrderPaid]


def test_signal_of_another_class_than_declared_is_refused():
    signals: Any = SpecialSignals()
    assert type(signals.order_paid) is Special
    with pytest.raises(SignalDefinitionError) as caught:
        signals.order_paid = Signal()
    assert str(caught.value) == (
        "`order_paid` of SpecialSignals is declared as a `Special`, not as a `Signal`"
    )


@pytest.mark.parametrize("value", [None, "secret", receiver, Signal, object(), lambda: None])
def test_assigning_what_is_no_signal_is_refused(signals, value):
    with pytest.raises(SignalDefinitionError) as caught:
        signals.sold_out = value
    assert str(caught.value) == (
        f"`sold_out` of ModelSignals must be a signal, not {kind_of(value)}: "
        "write `signals.sold_out = Signal()`, or connect a receiver with "
        "`signals.sold_out.connect(...)`"
    )
    assert vars(signals) == {}


CONFLICT = (
    "signal `order_paid` of ShopSignals is declared with the contract `OrderPaid`, not "
    "`Restocked`: assign a `Signal()` or a `Signal[OrderPaid]()`"
)


def test_signal_with_another_contract_is_refused_and_the_old_one_stays(shop):
    before = shop.order_paid
    before.connect(receiver)
    with pytest.raises(SignalDefinitionError) as caught:
        shop.order_paid = Signal[Restocked]()
    assert str(caught.value) == CONFLICT
    assert shop.order_paid is before
    assert before.receivers == (receiver,)


def test_signal_with_the_contract_of_another_emitter_is_refused(shop):
    with pytest.raises(SignalDefinitionError) as caught:
        shop.order_paid = shop.restocked
    assert str(caught.value) == CONFLICT
    with pytest.raises(SignalDefinitionError, match=r"`OrderPaid`, not `CustomReceiver`"):
        shop.order_paid = ShopSignals().never_declared
    with pytest.raises(SignalDefinitionError) as caught:
        shop.order_paid = copy.copy(shop.restocked)
    assert str(caught.value) == CONFLICT


def test_receivers_of_an_assigned_signal_are_checked_against_the_contract(shop):
    mine: Any = Signal()
    mine.connect(receiver)

    @mine.connect
    async def needs_child(sender, child, **kwargs): ...

    @mine.connect
    async def needs_price(sender, price, **kwargs): ...

    with pytest.raises(SignalDefinitionError) as caught:
        shop.order_paid = mine
    refused = [line for line in str(caught.value).splitlines() if "cannot be connected" in line]
    here = f"`{__name__}.{needs_child.__qualname__.rpartition('.')[0]}."
    assert [line.partition(" ")[0] for line in refused] == [
        f"{here}needs_child`",
        f"{here}needs_price`",
    ]
    assert [fault.code for fault in caught.value.faults] == ["unknown-parameter"] * 2
    assert "order_paid" not in vars(shop)
    assert mine.title == "a signal"
    assert mine.receivers == (receiver, needs_child, needs_price)

    mine.disconnect(needs_child)
    mine.disconnect(needs_price)
    shop.order_paid = mine
    assert shop.order_paid.receivers == (receiver,)


async def test_receivers_of_an_assigned_signal_get_the_payload_they_name():
    got: list[Any] = []
    mine: Any = Signal()

    @mine.connect
    async def by_documented_name(sender, passed_args="not sent", **kwargs):
        got.append(passed_args)

    sent = {"position": 1}
    payload = {"instance": 1, "child": 2, "relation_name": "tracks", "passed_kwargs": sent}
    await mine.send(Shop, **payload)
    signals: Any = ModelSignals()
    signals.pre_relation_add = mine
    await mine.send(Shop, **payload)
    assert got[0] == "not sent"
    assert got[1] is sent


def test_assigned_signal_warns_of_every_receiver_that_a_lenient_emitter_tolerates():
    async def first(**kwargs): ...
    async def second(**kwargs): ...

    mine: Any = Signal(mode="lenient")
    for each in (first, second):
        with pytest.warns(SignalDefinitionWarning):
            mine.connect(each)
    signals: Any = ShopSignals(mode="lenient")
    with pytest.warns(SignalDefinitionWarning) as caught:
        signals.order_paid = mine
    assert [
        each.__name__
        for warning in caught
        for each in (first, second)
        if f"{each.__name__}` (" in str(warning.message)
    ] == ["first", "second"]
    assert mine.receivers == (first, second)


def test_signal_in_two_emitters_keeps_its_first_name(signals):
    other: Any = ModelSignals()
    other.sold_out = signals.pre_save
    assert other.sold_out is signals.pre_save
    assert other.sold_out.name == "pre_save"


# --- iteration, dir() and repr -------------------------------------------------------------------


def test_iteration_length_and_membership_are_about_names(signals, shop):
    assert list(signals) == ELEVEN
    assert len(signals) == 11
    assert list(shop) == ["order_paid", "restocked", "anything"]

    signals.sold_out  # made on access
    assert list(signals) == [*ELEVEN, "sold_out"]
    assert len(signals) == 12
    assert "sold_out" in signals
    assert "pre_save" in signals
    assert "never_seen" not in signals
    assert None not in signals
    assert len(SignalEmitter()) == 0


def test_dir_lists_every_known_name_once(signals):
    signals.sold_out, signals.pre_save  # made on access
    offered = dir(signals)
    assert {*ELEVEN, "sold_out"} == {name for name in offered if name[0] != "_"}
    assert len(offered) == len(set(offered))
    assert {*object.__dir__(signals)} <= {*offered}


def test_repr_names_the_owner_and_counts_receivers():
    class Album:
        signals: Any = ModelSignals()

    assert repr(ModelSignals()) == "<ModelSignals: no receivers>"
    assert repr(Album.signals) == "<ModelSignals of Album: no receivers>"
    Album.signals.post_save.connect(receiver)
    Album.signals.sold_out.connect(receiver)
    Album.signals.pre_save  # made, without receivers
    assert repr(Album.signals) == "<ModelSignals of Album: post_save 1, sold_out 1>"


# --- misspelt names and strict emitters ----------------------------------------------------------

MISSPELT = {
    "pre_svae": "pre_save",
    "pre_sav": "pre_save",
    "presave": "pre_save",
    "PreSave": "pre_save",
    "pre_saved": "pre_save",
    "save_pre": "pre_save",
    "post_upadte": "post_update",
    "bulk_post_update": "post_bulk_update",
    "post_update_bulk": "post_bulk_update",
    "pre_relation_ad": "pre_relation_add",
    "relation_pre_remove": "pre_relation_remove",
    "post_delet": "post_delete",
}


@pytest.mark.parametrize(("name", "meant"), MISSPELT.items())
def test_misspelt_name_warns_where_it_is_written(signals, name, meant):
    accesses: list[Any] = [
        lambda emitter: getattr(emitter, name),
        lambda emitter: emitter[name],
        lambda emitter: setattr(emitter, name, Signal()),
    ]
    for access in accesses:
        with pytest.warns(SignalNameWarning) as caught:
            access(ModelSignals())
        assert [str(each.message) for each in caught] == [
            f"ModelSignals has no signal `{name}`: did you mean `{meant}`? A custom signal of "
            "that name was made; nothing sends it unless your code does."
        ]
        assert [each.filename for each in caught] == [__file__]


def test_misspelt_name_warns_once_and_makes_the_signal(signals):
    with pytest.warns(SignalNameWarning):
        made = signals.pre_svae
    assert signals.pre_svae is made  # a second warning would be an error


NOT_MISSPELT = [
    "pre_create",
    "post_create",
    "pre_upsert",
    "post_upsert",
    "pre_insert",
    "pre_load",
    "post_load",
    "pre_commit",
    "on_save",
    "pre_validate",
    "pre_publish",
    "post_publish",
    "pre_bulk_create",
    "post_bulk_create",
    "post_bulk_delete",
    "pre_bulk_update",
    "post_relation_change",
    "pre_relation_clear",
    "relation_added",
    "pre_add",
    "post_remove",
    "sold_out",
    "saved",
    "updated",
    "deleted",
    "update",
    "save",
    "delete",
    "before_save",
    "after_save",
    "pre_sales_report",
    "order_paid",
    "low_stock",
    "user_registered",
    "password_changed",
    "restocked",
]


@pytest.mark.parametrize("name", NOT_MISSPELT)
def test_name_unlike_any_other_does_not_warn(signals, name):
    assert signals[name].name == name  # a warning would be an error


def test_misspelt_declared_name_warns(shop):
    with pytest.warns(SignalNameWarning, match="did you mean `order_paid`?"):
        shop.ordre_paid  # made on access


def test_strict_emitter_refuses_undeclared_names():
    class Album:
        signals: Any = ModelSignals(mode="strict")

    signals = Album.signals
    with pytest.raises(UnknownSignalError) as caught:
        signals.pre_svae
    assert str(caught.value) == "Album has no signal `pre_svae`: did you mean `pre_save`?"
    with pytest.raises(UnknownSignalError) as caught:
        signals.sold_out = Signal()
    assert str(caught.value) == f"Album has no signal `sold_out`: known are {', '.join(ELEVEN)}"
    with pytest.raises(UnknownSignalError, match=r"known are none$"):
        SignalEmitter(mode="strict").anything
    assert isinstance(caught.value, SignalDefinitionError)
    assert not hasattr(signals, "sold_out")
    assert list(signals) == ELEVEN

    signals.pre_save.connect(receiver)
    with pytest.raises(SignalDefinitionError, match="swallows it"):
        signals.pre_save.connect(swallows)


def test_python_adds_no_suggestion_to_that_of_a_strict_emitter():
    with pytest.raises(UnknownSignalError) as caught:
        ModelSignals(mode="strict").bulk_post_update
    # From Python 3.12 on, a traceback suggests what it finds in `obj`.
    assert (caught.value.name, caught.value.obj) == ("bulk_post_update", None)
    said = "".join(traceback.format_exception_only(caught.value))
    assert said.endswith("no signal `bulk_post_update`: did you mean `post_bulk_update`?\n")


async def swallows(**kwargs): ...


# --- copies and pickles --------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copy_has_the_same_receivers_and_is_independent(copied):
    class Album:
        signals: Any = ModelSignals(mode="strict")

    original = Album.signals
    original.pre_save.connect(receiver)
    twin = copied(original)
    assert type(twin) is type(original)
    assert twin.pre_save is not original.pre_save
    assert twin.pre_save.receivers == (receiver,)
    assert twin.pre_save.protocol is PreSaveReceiver
    assert twin.pre_save.title == "signal `pre_save` of ModelSignals"
    assert not hasattr(twin, "sold_out"), "a copy is as strict"

    twin.pre_save.disconnect(receiver)
    twin.post_save.connect(receiver)
    assert original.pre_save.receivers == (receiver,)
    assert original.post_save.receivers == ()


def test_copy_keeps_the_contracts_of_assigned_signals(signals):
    signals.sold_out = Signal[OrderPaid]()
    assert copy.copy(signals).sold_out.protocol is OrderPaid


def test_pickling_is_refused_with_a_reason():
    with pytest.raises(TypeError) as caught:
        pickle.dumps(Shop.signals)
    assert str(caught.value) == (
        "the signals of Shop cannot be pickled: their receivers are functions of this process. "
        "Connect them again where they are needed."
    )


# --- declared signals ----------------------------------------------------------------------------


async def test_declared_signal_has_the_contract_of_its_protocol(shop):
    got: list[Any] = []

    @shop.order_paid.connect
    async def paid(sender, order, note="", **kwargs):
        got.append((order, note))

    @shop.restocked.connect
    async def restocked(sender, item):
        got.append(item)

    await shop.order_paid.send(Shop, order=1)
    await shop.order_paid.send(Shop, order=2, note="gift")
    await shop.restocked.send(Shop, item="vinyl")
    assert got == [(1, ""), (2, "gift"), "vinyl"]


DECLARED = {
    "order_paid": (
        "(sender, order, note)",
        [
            "it requires `note`, which `order_paid` may leave out: give `note` a default",
            "it does not accept `**kwargs`, and payloads may grow: "
            "add `**kwargs: object` as its last parameter",
        ],
        "(sender: type[Shop], *, order: int, note: str = ..., **kwargs: object)",
    ),
    "restocked": (
        "(sender)",
        ["it does not accept `item`, which `restocked` sends: add `item`, or `**kwargs: object`"],
        "(sender: type[Shop], *, item: str)",
    ),
}


@pytest.mark.parametrize(
    ("name", "parameters", "faults", "expected"),
    [(name, *case) for name, case in DECLARED.items()],
    ids=DECLARED.keys(),
)
def test_receiver_that_breaks_a_declared_contract_is_refused(name, parameters, faults, expected):
    names: dict[str, Any] = {}
    exec(f"async def receiver{parameters}: ...", names)
    signals: Any = Shop.signals
    with pytest.raises(SignalDefinitionError) as caught:
        signals[name].connect(names["receiver"])
    assert str(caught.value).splitlines() == [
        f"`receiver` (<string>:1) cannot be connected to signal `{name}` of Shop:",
        *(f"  - {fault}" for fault in faults),
        f"  expected: async def receiver{expected}",
    ]


def test_signal_declared_without_a_protocol_accepts_any_payload(shop):
    assert shop.anything.protocol is CustomReceiver
    assert "anything" in shop


def test_declarations_are_inherited_and_can_be_extended():
    class More(ModelSignals[Any]):
        order_paid: Signal[OrderPaid]
        pre_save: Signal[Restocked]
        _private: int = 1

    signals: Any = More()
    assert list(signals) == [*ELEVEN, "order_paid"]
    assert signals.order_paid.protocol is OrderPaid
    assert signals.pre_save.protocol is Restocked
    assert signals.post_save.protocol.__name__ == "PostSaveReceiver"


def test_get_signals_returns_the_emitter_as_its_class():
    assert get_signals(Shop, ShopSignals) is Shop.signals
    with pytest.raises(SignalDefinitionError) as caught:
        get_signals(Shop, ModelSignals)
    assert str(caught.value) == (
        "the signals of `Shop` are `ShopSignals`, not `ModelSignals`: "
        "install them with `install(Shop, signals=ModelSignals)`"
    )


# --- declarations that are refused ---------------------------------------------------------------


class NoAwaitable(Protocol):
    def __call__(self, sender: type[Any], **kwargs: object) -> None: ...


class NoReturnType(Protocol):
    def __call__(self, sender: type[Any], **kwargs: object): ...


class NoSender(Protocol):
    def __call__(self, *, order: int, **kwargs: object) -> Awaitable[object]: ...


class OtherFirst(Protocol):
    def __call__(self, order: int, sender: type[Any]) -> Awaitable[object]: ...


class KeywordSender(Protocol):
    def __call__(self, *, sender: type[Any], order: int) -> Awaitable[object]: ...


class NoParameters(Protocol):
    def __call__(self) -> Awaitable[object]: ...


class PositionalPayload(Protocol):
    def __call__(self, sender: type[Any], order: int) -> Awaitable[object]: ...


class Unresolved(Protocol):
    def __call__(self, sender: type[Any], *, price: Decimal) -> Awaitable[object]: ...


class Nonsense(Protocol):
    def __call__(self, sender: type[Any], *, price: 1 + "") -> Awaitable[object]: ...  # noqa: F722 - it cannot be evaluated


class NoCall(Protocol):
    def send(self, sender: type[Any]) -> Awaitable[object]: ...


class NoProtocol:
    async def __call__(self, sender: type[Any], **kwargs: object) -> None: ...


NOT_A_PROTOCOL = "it is no Protocol class with a `__call__`"
BAD_PROTOCOLS = {
    NoAwaitable: "its `__call__` does not return an `Awaitable`",
    NoReturnType: "its `__call__` does not return an `Awaitable`",
    NoSender: "the first parameter of its `__call__` is not `sender`",
    OtherFirst: "the first parameter of its `__call__` is not `sender`",
    KeywordSender: "the first parameter of its `__call__` is not `sender`",
    NoParameters: "the first parameter of its `__call__` is not `sender`",
    PositionalPayload: "its payload `order` is not keyword-only: write `*` before it",
    Unresolved: (
        "its annotations name `Decimal`, which cannot be found at run time: define or import it "
        "at the top of the module, not in a function or under `if TYPE_CHECKING`"
    ),
    Nonsense: (
        "its annotations cannot be read at run time "
        "(TypeError: unsupported operand type(s) for +: 'int' and 'str')"
    ),
    NoCall: NOT_A_PROTOCOL,
    NoProtocol: NOT_A_PROTOCOL,
    int: NOT_A_PROTOCOL,
}


@pytest.mark.parametrize(("protocol", "reason"), BAD_PROTOCOLS.items(), ids=str)
def test_protocol_that_can_be_no_contract_is_refused(protocol, reason):
    signal: Any = Signal[protocol]()
    with pytest.raises(SignalDefinitionError) as caught:
        signal.connect(receiver)
    assert str(caught.value) == (
        f"`{protocol.__name__}` cannot be a signal's contract: {reason}.\n"
        "  expected: class MyReceiver(Protocol): def __call__(self, sender: type[Model], *, "
        "<payload>, **kwargs: object) -> Awaitable[object]: ..."
    )


Unbound = TypeVar("Unbound")


class UnboundSignals(SignalEmitter[Any]):
    order_paid: Signal[Unbound]


def test_contract_that_is_no_class_is_refused():
    with pytest.raises(SignalDefinitionError, match=r"^a `TypeVar` cannot be a signal's contract"):
        UnboundSignals().order_paid.connect(receiver)


class OfAString(Signal["OrderPaid"]): ...


class OfAStringSignals(SignalEmitter[Any]):
    order_paid: OfAString


@pytest.mark.parametrize(
    "connect",
    [
        lambda: Signal["OrderPaid"]().connect(receiver),
        lambda: OfAStringSignals().order_paid.connect(receiver),
    ],
    ids=["of a signal", "of a class that an emitter declares"],
)
def test_contract_given_as_a_string_is_refused(connect):
    with pytest.raises(SignalDefinitionError) as caught:
        connect()
    assert str(caught.value) == (
        "the contract of a signal is the string `OrderPaid`, which is not looked up at run time: "
        "write the Protocol itself"
    )


def test_declaration_that_cannot_be_resolved_names_what_is_missing():
    class Local(Protocol):
        def __call__(self, sender: type[Any], **kwargs: object) -> Awaitable[object]: ...

    class LocalSignals(SignalEmitter[Any]):
        sold_out: Signal[Local]

    with pytest.raises(SignalDefinitionError) as caught:
        LocalSignals().sold_out
    assert str(caught.value) == (
        f"the annotations of `{LocalSignals.__qualname__}` name `Local`, which cannot be found at "
        "run time: define or import it at the top of the module, not in a function or under "
        "`if TYPE_CHECKING`"
    )


class NotSignals(SignalEmitter[Any]):
    order_paid: OrderPaid


class MaybeSignals(SignalEmitter[Any]):
    order_paid: Signal[OrderPaid] | None


class OwnSignals(SignalEmitter[Any]):
    order_paid: Paid


def test_signal_class_with_contract_is_a_declaration():
    signals = OwnSignals()
    assert type(signals.order_paid) is Paid
    assert signals.order_paid.protocol is OrderPaid
    with pytest.raises(SignalDefinitionError, match="`child`, which `order_paid` never sends"):
        signals.order_paid.connect(wrong)


@pytest.mark.parametrize("emitter", [NotSignals, MaybeSignals])
def test_declaration_that_is_no_signal_is_refused(emitter):
    with pytest.raises(SignalDefinitionError) as caught:
        list(emitter())
    assert str(caught.value) == (
        f"`{emitter.__name__}.order_paid` must be declared as a signal: "
        "write `order_paid: Signal[<a receiver Protocol>]`"
    )


def test_declaration_with_a_value_is_refused():
    def refused(name: str) -> str:
        return (
            rf"{name}\.order_paid` has a value, which every emitter of the class would share: "
            r"declare it without \(`order_paid: Signal\[<a receiver Protocol>\]`\)$"
        )

    with pytest.raises(SignalDefinitionError, match=refused("Annotated")):

        class Annotated(SignalEmitter[Any]):
            order_paid: Signal[OrderPaid] = Signal()

    with pytest.raises(SignalDefinitionError, match=refused("Empty")):

        class Empty(SignalEmitter[Any]):
            order_paid: Signal[OrderPaid] = None

    with pytest.raises(SignalDefinitionError, match=refused("Bare")):

        class Bare(SignalEmitter[Any]):
            order_paid = Signal[OrderPaid]()


def test_other_bases_and_members_of_an_emitter_class_are_left_alone():
    made: list[str] = []

    class Counted:
        def __init_subclass__(cls) -> None:
            made.append(cls.__name__)

    class NotedSignals(SignalEmitter[Any], Counted):
        _note: str = "what is private is no signal"
        limit = 3
        order_paid: Signal[OrderPaid]

    signals: Any = NotedSignals()
    assert list(signals) == ["order_paid"]
    assert (signals._note, signals.limit) == ("what is private is no signal", 3)
    assert made == ["NotedSignals"]


# --- receivers of a parent -----------------------------------------------------------------------


def test_receivers_of_a_parent_receive_from_children_in_the_order_of_connection():
    parent: Any = ModelSignals()
    child: Any = ModelSignals()
    bind_emitter(child, Shop, (parent,))

    async def own(sender, **kwargs): ...

    async def late(sender, **kwargs): ...

    parent.pre_save.connect(receiver)
    child.pre_save.connect(own)
    parent.pre_save.connect(late)
    assert child.pre_save.receivers == (receiver, own, late)
    assert parent.pre_save.receivers == (receiver, late)

    child.pre_save.connect(receiver)
    assert child.pre_save.receivers == (receiver, own, late), "each is called once"
    assert child.pre_save.disconnect(late) is False, "it is disconnected where it was connected"
    parent.pre_save.disconnect(late)
    assert child.pre_save.receivers == (receiver, own)


def test_receiver_connected_to_a_child_and_later_to_its_parent_keeps_its_place():
    parent: Any = ModelSignals()
    child: Any = ModelSignals()
    bind_emitter(child, Shop, (parent,))
    child.pre_save.connect(receiver)
    child.pre_save.connect(swallows_nothing)
    parent.pre_save.connect(receiver)
    assert child.pre_save.receivers == (receiver, swallows_nothing)


def test_parent_without_a_signal_of_that_name_has_no_effect():
    parent: Any = ModelSignals()
    child: Any = ModelSignals()
    parent.pre_save.connect(receiver)
    assert child.pre_save.receivers == ()
    bind_emitter(child, Shop, (ModelSignals(), parent))
    assert child.pre_save.receivers == (receiver,)


def test_signal_assigned_to_a_parent_receives_from_children():
    parent: Any = ModelSignals()
    child: Any = ModelSignals()
    bind_emitter(child, Shop, (parent,))
    parent.pre_save.connect(receiver)
    assert child.pre_save.receivers == (receiver,)
    mine: Any = Signal()
    mine.connect(swallows_nothing)
    parent.pre_save = mine
    assert child.pre_save.receivers == (swallows_nothing,)


async def swallows_nothing(sender, **kwargs): ...
