"""Every refusal of ``connect()`` on a real model, by ormar's decorator and by typed ones."""

import functools
from collections.abc import Callable
from typing import Any

import ormar
import pytest

from tests.shop import CONFIG, Store
from typed_signals.ormar import SignalDefinitionError, install, post_save, pre_save, receiver

SENDER = "write `sender` as its first parameter"
KWARGS = (
    "it does not accept `**kwargs`, and payloads may grow: "
    "add `**kwargs: object` as its last parameter"
)
ASYNC = (
    "write `async def`; if it blocks, connect it with `typed_signals.in_thread`; if it does return "
    "an awaitable, declare it in its return annotation (`-> Awaitable[...]`) or with "
    "`typed_signals.mark_async`"
)


def sync(sender, instance, **kwargs): ...


async def generator(sender, **kwargs):
    yield instance_of_nothing


instance_of_nothing = None


class Auditor:
    """Calling the class returns an object, not an awaitable."""

    def __init__(self, sender: Any = None, **kwargs: Any) -> None: ...

    def __call__(self, sender: Any, **kwargs: Any) -> None: ...


async def no_kwargs(sender, instance): ...


async def no_sender(**kwargs): ...


async def no_sender_at_all(): ...


async def renamed_sender(_, instance, **kwargs): ...


async def sender_last(instance, sender, **kwargs): ...


async def sender_by_keyword_only(*, sender, **kwargs): ...


async def child_on_save(sender, instance, child, **kwargs): ...


async def misspelt(sender, instnace, **kwargs): ...


async def positional_only(sender, instance, /, **kwargs): ...


def everything(_, instnace, /): ...


REFUSALS: dict[str, tuple[Any, str, list[str]]] = {
    "not callable": (
        "promote",
        "`str object`",
        [
            "it cannot be called: "
            "connect an `async def` function, a bound method or an object with `__call__`"
        ],
    ),
    "a sync function": (sync, "`sync`", [f"it must be async, but it is a sync function: {ASYNC}"]),
    "a lambda": (
        lambda sender, **kwargs: None,
        "`<lambda>`",
        ["it must be async, but it is a lambda: write an `async def` function"],
    ),
    "an async generator": (
        generator,
        "`generator`",
        ["it must be async, but it is an async generator: remove its `yield`"],
    ),
    "a class": (
        Auditor,
        "`Auditor`",
        [
            "it must be async, but it is a class: connect an instance with an "
            "`async def __call__`, or one of its methods"
        ],
    ),
    "a partial of a sync function": (
        functools.partial(sync),
        "partial of `sync`",
        [f"it must be async, but it is a sync function: {ASYNC}"],
    ),
    "an object with a sync call": (
        Auditor(),
        "`Auditor object`",
        [
            "it must be async, but it is an object with a sync `__call__`: "
            "write `async def __call__`"
        ],
    ),
    "no kwargs": (no_kwargs, "`no_kwargs`", [KWARGS]),
    "sender swallowed": (
        no_sender,
        "`no_sender`",
        [f"it has no `sender` parameter of its own, `**kwargs` swallows it: {SENDER}"],
    ),
    "sender missing": (
        no_sender_at_all,
        "`no_sender_at_all`",
        [f"it has no `sender` parameter: {SENDER}", KWARGS],
    ),
    "sender renamed": (
        renamed_sender,
        "`renamed_sender`",
        ["its first parameter is `_`, not `sender`: name it `sender`; it is sent by keyword"],
    ),
    "sender not first": (
        sender_last,
        "`sender_last`",
        [f"`sender` is not its first parameter: {SENDER}"],
    ),
    "sender keyword-only": (
        sender_by_keyword_only,
        "`sender_by_keyword_only`",
        [f"`sender` is keyword-only: {SENDER}"],
    ),
    "child on save": (
        child_on_save,
        "`child_on_save`",
        ["it requires `child`, which `post_save` never sends: give it a default or remove it"],
    ),
    "misspelt": (
        misspelt,
        "`misspelt`",
        ["it requires `instnace`, which `post_save` never sends: write `instance`"],
    ),
    "positional-only": (
        positional_only,
        "`positional_only`",
        [
            "`sender` is positional-only, and it is sent by keyword: remove the `/`",
            "`instance` is positional-only, and payload is sent by keyword: remove the `/`",
        ],
    ),
    "everything at once": (
        everything,
        "`everything`",
        [
            f"it must be async, but it is a sync function: {ASYNC}",
            "its first parameter is `_`, not `sender`: "
            "name it `sender`; it is sent by keyword (remove the `/`)",
            "it requires `instnace`, which `post_save` never sends: write `instance`",
            KWARGS,
        ],
    ),
}

CONNECTS: dict[str, Callable[[Any, Any], Any]] = {
    "ormar's decorator": lambda album, bad: ormar.post_save(album)(bad),
    "ormar's decorator with a list": lambda album, bad: ormar.post_save([album])(bad),
    "our decorator": lambda album, bad: post_save(album)(bad),
    "receiver()": lambda album, bad: receiver("post_save", album)(bad),
    "connect()": lambda album, bad: getattr(album, CONFIG).signals.post_save.connect(bad),
    "connect() through Meta": lambda album, bad: album.Meta.signals.post_save.connect(bad),
    "connect() through an instance": lambda album, bad: album(name="a").signals.post_save.connect(
        bad
    ),
}


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return Store.sqlite(tmp_path_factory.mktemp("refusals") / "store.db").model("Album")


@pytest.fixture(autouse=True)
def installed(store: Any, album: Any) -> None:
    install()


def place(bad: Any) -> str:
    """Where a receiver was written, as the error names it."""
    function = Auditor.__call__ if isinstance(bad, Auditor) else getattr(bad, "func", bad)
    code = getattr(function, "__code__", None)
    return f" (tests/test_ormar_refusals.py:{code.co_firstlineno})" if code else ""


@pytest.mark.parametrize("connect", CONNECTS)
@pytest.mark.parametrize("case", REFUSALS)
def test_receiver_is_refused_with_every_fault_in_one_error(album, case, connect):
    bad, name, faults = REFUSALS[case]
    with pytest.raises(SignalDefinitionError) as caught:
        CONNECTS[connect](album, bad)
    module = "" if name == "`str object`" else "tests.test_ormar_refusals."
    start = name.replace("`", f"`{module}", 1)
    assert str(caught.value) == "\n".join(
        [
            f"{start}{place(bad)} cannot be connected to signal `post_save` of Album:",
            *(f"  - {fault}" for fault in faults),
            "  expected: async def receiver(sender: type[Album], *, instance: Album, "
            "**kwargs: object)",
        ]
    )
    assert isinstance(caught.value, ormar.exceptions.SignalDefinitionError)
    assert [str(fault) for fault in caught.value.faults] == faults
    assert getattr(album, CONFIG).signals.post_save.receivers == ()


@pytest.mark.parametrize("decorator", [ormar.pre_save, pre_save], ids=["ormar's", "ours"])
def test_refusal_for_a_list_of_models_names_all_and_connects_to_none(store, album, decorator):
    track = store.model("Track")
    with pytest.raises(SignalDefinitionError) as caught:
        decorator([album, track])(misspelt)
    assert str(caught.value) == (
        f"`tests.test_ormar_refusals.misspelt`{place(misspelt)} "
        "cannot be connected to signal `pre_save` of Album, Track:\n"
        "  - it requires `instnace`, which `pre_save` never sends: write `instance`\n"
        "  expected: async def receiver(sender: type[Album], *, instance: Album, "
        "**kwargs: object)"
    )
    for model in (album, track):
        assert getattr(model, CONFIG).signals.pre_save.receivers == ()


EXPECTED = {
    "pre_update": "instance: Album, passed_args: dict[str, Any], changed: Mapping[str, Change]",
    "post_delete": "instance: Album",
    "pre_relation_add": "instance: Album, child: Any, relation_name: str, "
    "passed_kwargs: dict[str, Any], passed_args: dict[str, Any]",
    "pre_relation_remove": "instance: Album, child: Any, relation_name: str",
    "post_relation_remove": "instance: Album, child: Any, relation_name: str, "
    "passed_args: dict[str, Any]",
    "post_bulk_update": "instances: list[Album]",
}


@pytest.mark.parametrize("signal", EXPECTED)
def test_expected_signature_is_that_of_the_signal(album, signal):
    async def wrong(sender, thing, **kwargs): ...

    with pytest.raises(SignalDefinitionError) as caught:
        getattr(ormar, signal)(album)(wrong)
    _, fault, expected = str(caught.value).splitlines()
    assert fault == (
        f"  - it requires `thing`, which `{signal}` never sends: give it a default or remove it"
    )
    assert expected == (
        f"  expected: async def receiver(sender: type[Album], *, {EXPECTED[signal]}, "
        "**kwargs: object)"
    )
