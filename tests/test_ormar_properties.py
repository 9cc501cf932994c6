"""Properties of any receiver and any history of connections, on real models."""

import inspect
from typing import Any

import pytest
from hypothesis import HealthCheck, event, example, given, settings, strategies as st

from tests.shop import CONFIG, Shop, Store
from typed_signals.ormar import SignalDefinitionError, install, receiver, uninstall

# The fixtures that examples share are left unchanged: each test disconnects.
on_sqlite = pytest.mark.parametrize("shop_models", [("ormar", "sqlite")], indirect=True)
real = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def signals(model: Any) -> Any:
    return getattr(model, CONFIG).signals


# --- what connect() accepts can be called --------------------------------------------------------

SENT = {
    "pre_save": ("instance",),
    "post_save": ("instance",),
    "pre_update": ("instance", "passed_args"),
    "pre_relation_add": ("instance", "child", "relation_name", "passed_kwargs"),
    "post_relation_remove": ("instance", "child", "relation_name"),
    "post_bulk_update": ("instances",),
}
NAMES = ("sender", "_", "self", "instance", "instnace", "instances", "child", "passed_args")


@st.composite
def receivers(draw: st.DrawFn) -> str:
    """Source of a function with any names, kinds and defaults; often a valid one."""
    names = draw(st.lists(st.sampled_from(NAMES[3:]), unique=True, max_size=3))
    first = draw(st.sampled_from(["sender"] * 6 + ["", "_", "self"]))
    names = ([first] if first else []) + names
    if draw(st.integers(0, 7)) == 0:
        names = draw(st.permutations(names))
    slash = draw(st.integers(1, len(names))) if names and draw(st.integers(0, 9)) == 0 else 0
    star = draw(st.integers(slash, len(names) + 2))
    parts: list[str] = []
    defaults = False
    for index, name in enumerate(names):
        if index == star:
            parts.append(draw(st.sampled_from(["*", "*args"])))
            defaults = False
        # After one with a default, the others up to the star need one.
        defaults = draw(st.integers(0, 4)) == 0 or (defaults and index < star)
        parts.append(f"{name}=None" if defaults else name)
        if index + 1 == slash:
            parts.append("/")
    if draw(st.integers(0, 7)):
        parts.append("**kwargs")
    keyword = "def" if draw(st.integers(0, 9)) == 0 else "async def"
    return f"{keyword} made({', '.join(parts)}):\n    calls.append(dict(locals()))\n"


def compiled(source: str) -> tuple[Any, list[dict[str, Any]]]:
    calls: list[dict[str, Any]] = []
    namespace: dict[str, Any] = {"calls": calls}
    exec(source, namespace)
    return namespace["made"], calls


async def operate(shop: Shop) -> None:
    """Send every signal of ``SENT`` once from ``Album``."""
    album = await shop.Album.objects.create(name="Blue")
    await album.update(name="Hejira")
    tag = await shop.Tag.objects.create(name="folk")
    await album.tags.add(tag)
    await album.tags.remove(tag)
    await shop.Album.objects.bulk_update([album])


@on_sqlite
@given(source=receivers(), signal=st.sampled_from(sorted(SENT)))
@settings(real, max_examples=100)
async def test_receiver_that_connect_accepts_is_called(shop, source, signal):
    made, calls = compiled(source)
    own = signals(shop.Album)[signal]
    refused = refusal(own, made)
    event("refused" if refused else "accepted")
    if refused:
        assert is_wrong(made, signal), f"refused without reason: {source}{refused}"
        return
    try:
        await operate(shop)
    finally:
        assert own.disconnect(made) is True
    assert len(calls) == 1, source


def refusal(signal: Any, made: Any) -> SignalDefinitionError | None:
    try:
        signal.connect(made)
    except SignalDefinitionError as error:
        return error
    return None


def is_wrong(made: Any, signal: str) -> bool:
    """Whether a refused receiver fails when it is called, or breaks the documented contract."""
    parameters = list(inspect.signature(made).parameters)
    payload = dict.fromkeys((*SENT[signal], "added_later"))
    if "passed_args" in parameters and signal.endswith(("relation_add", "post_relation_remove")):
        payload["passed_args"] = None
    try:
        answer = made(sender=None, **payload)
    except TypeError:
        return True
    if not inspect.iscoroutine(answer):
        return True
    answer.close()
    first = next(iter(inspect.signature(made).parameters.values()))
    return first.name != "sender" or first.kind is not first.POSITIONAL_OR_KEYWORD


@on_sqlite
@given(source=receivers(), signal=st.sampled_from(sorted(SENT)))
@settings(real, max_examples=50)
# Receivers that come about at random may only work, and lenient mode warns of those.
@pytest.mark.filterwarnings("ignore::typed_signals.SignalDefinitionWarning")
async def test_receiver_that_lenient_mode_accepts_is_called(shop, source, signal):
    made, calls = compiled(source)
    install(mode="lenient")
    own = signals(shop.Album)[signal]
    if refusal(own, made):
        return
    try:
        await operate(shop)
    finally:
        assert own.disconnect(made) is True
    assert len(calls) == 1, source


# --- who receives what ---------------------------------------------------------------------------

MODELS = ("Top", "Middle", "Low", "High", "Other")
PARENTS = {"Low": ("Low", "Middle", "Top"), "High": ("High", "Top"), "Other": ("Other",)}
RECEIVERS = ("a", "b", "c")

steps = st.one_of(
    st.tuples(st.just("connect"), st.sampled_from(MODELS), st.sampled_from(RECEIVERS)),
    st.tuples(st.just("disconnect"), st.sampled_from(MODELS), st.sampled_from(RECEIVERS)),
    st.tuples(st.just("save"), st.sampled_from(sorted(PARENTS))),
    st.tuples(st.just("again")),
    st.tuples(st.just("there and back")),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store.sqlite(tmp_path_factory.mktemp("tree") / "tree.db")
    top = store.model("Top", config={"abstract": True})
    middle = store.model("Middle", top, config={"abstract": True})
    store.model("Low", middle)
    store.model("High", top)
    store.model("Other")
    store.create_tables()
    return store


class Expected:
    """The expected receivers of each model, with the time of their connection."""

    def __init__(self) -> None:
        self.clock = 0
        self.connected: dict[str, dict[str, int]] = {model: {} for model in MODELS}

    def connect(self, model: str, receiver_name: str) -> None:
        self.clock += 1
        self.connected[model].setdefault(receiver_name, self.clock)

    def disconnect(self, model: str, receiver_name: str) -> bool:
        return self.connected[model].pop(receiver_name, None) is not None

    def received(self, model: str) -> list[str]:
        first: dict[str, int] = {}
        for parent in PARENTS[model]:
            for receiver_name, when in self.connected[parent].items():
                first[receiver_name] = min(when, first.get(receiver_name, when))
        return sorted(first, key=lambda receiver_name: first[receiver_name])


@given(steps=st.lists(steps, max_size=25))
@example(steps=[("connect", "High", "a"), ("connect", "Top", "b"), ("there and back",)])
@settings(real, max_examples=50)
async def test_receivers_of_abstract_and_concrete_models_match_a_simple_model(store, tree, steps):
    models = {model.__name__: model for model in tree.models}
    tree.forget_receivers()
    install()
    log: list[str] = []
    receivers = {name: _noting(log, name) for name in RECEIVERS}
    expected = Expected()
    async with tree.database:
        for step, *rest in steps:
            if step == "connect":
                model, name = rest
                receiver("pre_save", models[model])(receivers[name])
                expected.connect(model, name)
            elif step == "disconnect":
                model, name = rest
                removed = signals(models[model]).pre_save.disconnect(receivers[name])
                assert removed is expected.disconnect(model, name)
            elif step == "save":
                (model,) = rest
                await models[model](name="x").save()
                assert log == [f"{name} {model}" for name in expected.received(model)]
                log.clear()
            elif step == "again":
                install()
            else:  # all keep their places
                uninstall()
                install()
    for model in PARENTS:
        received = signals(models[model]).pre_save.receivers
        assert received == tuple(receivers[name] for name in expected.received(model))
    uninstall()


def _noting(log: list[str], name: str) -> Any:
    async def note(sender: Any, **kwargs: object) -> None:
        log.append(f"{name} {sender.__name__}")

    return note
