"""Spans and metrics, as the real OpenTelemetry SDK receives them."""

import asyncio
import functools
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv.attributes import code_attributes, error_attributes
from opentelemetry.trace import StatusCode

from tests.lanes import CONFIG
from typed_signals import ModelSignals, Signal, _middleware, signal
from typed_signals._backend import Backend, register_backend
from typed_signals._dispatch.on_commit import DeferredSend, run_deferred
from typed_signals._dispatch.shield import Shield
from typed_signals._registry import state_of
from typed_signals.testing import muted
from typed_signals.tracing import instrument, uninstrument

SECRET = "field value 4711"
LIBRARY = "typed_signals"


class Album:
    signals: ModelSignals["Album"] = ModelSignals()
    name = SECRET

    def __repr__(self):
        return SECRET


class Measured:
    """What was exported."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider([self.reader])

    @property
    def spans(self) -> list[Any]:
        """The spans in the order in which they started."""
        return sorted(self.exporter.get_finished_spans(), key=lambda each: each.start_time)

    @property
    def points(self) -> dict[str, list[Any]]:
        """The points of each metric."""
        return {metric.name: list(metric.data.data_points) for _, metric in self.metrics}

    @property
    def metrics(self) -> list[tuple[Any, Any]]:
        """Each metric with its scope."""
        data = self.reader.get_metrics_data()
        return [
            (measured.scope, metric)
            for resource in (data.resource_metrics if data else ())
            for measured in resource.scope_metrics
            for metric in measured.metrics
        ]

    def everything(self) -> str:
        return "".join(each.to_json() for each in self.spans) + str(self.points)


@pytest.fixture
def measured():
    vars(Album.signals).clear()
    found = Measured()
    instrument(tracer_provider=found.tracer_provider, meter_provider=found.meter_provider)
    yield found
    uninstrument()
    assert not _middleware.applying(state_of(Signal()))


async def save() -> None:
    await Album.signals.post_save.send(sender=Album, instance=Album())


async def audit(sender, **kwargs): ...


async def slow(sender, **kwargs):
    await asyncio.sleep(0.01)


async def failing(sender, instance, **kwargs):
    raise ValueError(instance)


class LateError(Exception): ...


async def failing_late(sender, instance, **kwargs):
    await asyncio.sleep(0)
    raise LateError(instance)


def tree(spans: list[Any]) -> list[tuple[str, str | None]]:
    names = {each.context.span_id: each.name for each in spans}
    return [(each.name, names.get(each.parent.span_id) if each.parent else None) for each in spans]


# --- spans ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequential", [None, True])
async def test_send_is_a_span_and_each_receiver_its_child(measured, sequential):
    Album.signals.post_save.sequential = sequential
    for receiver in (audit, slow):
        Album.signals.post_save.connect(receiver)
    await save()
    name = "send Album.post_save"
    assert tree(measured.spans) == [
        (name, None),
        (f"{__name__}.audit", name),
        (f"{__name__}.slow", name),
    ]
    assert all(each.status.status_code is StatusCode.UNSET for each in measured.spans)


async def test_span_names_signal_sender_and_the_receivers_place(measured):
    Album.signals.post_save.connect(functools.partial(audit))
    await save()
    sent, received = measured.spans
    common = {"typed_signals.signal": "post_save", "typed_signals.sender": "Album"}
    assert dict(sent.attributes) == {**common, "typed_signals.receivers": 1}
    assert dict(received.attributes) == {
        **common,
        "typed_signals.on_commit": False,
        code_attributes.CODE_FUNCTION_NAME: f"{__name__}.audit",
        code_attributes.CODE_FILE_PATH: "tests/test_tracing.py",
        code_attributes.CODE_LINE_NUMBER: audit.__code__.co_firstlineno,
    }


@signal
async def lent(sender: type[Album], *, days: int, **kwargs: object) -> None: ...


async def failing_to_remind(sender, days, **kwargs):
    raise LateError(kwargs)


@pytest.mark.parametrize("receiver", [audit, failing_to_remind])
async def test_signal_made_of_a_function_is_measured_by_its_name(measured, receiver):
    lent.connect(receiver)
    try:
        [outcome] = await lent.send_robust(sender=Album, days=14, instance=SECRET)
        await lent.send_robust(sender=Album(), days=14, instance=SECRET)  # named by its class
    finally:
        lent.disconnect_all()
    names = ["send Album.lent", f"{__name__}.{receiver.__name__}"]
    assert [each.name for each in measured.spans] == names * 2
    assert {each.attributes["typed_signals.signal"] for each in measured.spans} == {"lent"}
    failed = measured.spans[1].status.status_code is StatusCode.ERROR
    assert failed == (outcome.exception is not None) == (receiver is failing_to_remind)
    [sent], [received] = (measured.points[f"typed_signals.{each}.duration"] for each in KINDS)
    assert (sent.count, received.count) == (2, 2)
    assert SECRET not in measured.everything()


KINDS = ("send", "receiver")


async def test_nested_send_is_a_child_of_its_receiver(measured):
    async def restock(sender, **kwargs):
        await asyncio.sleep(0)
        await Album.signals.restocked.send(sender=Album)

    Album.signals.post_save.connect(restock)
    Album.signals.restocked.connect(audit)
    await save()
    receiver = next(each.name for each in measured.spans if "restock>" in each.name + ">")
    assert tree(measured.spans)[2:] == [
        ("send Album.restocked", receiver),
        (f"{__name__}.audit", "send Album.restocked"),
    ]


async def test_spans_are_children_of_the_callers_span(measured):
    Album.signals.post_save.connect(audit)
    tracer = measured.tracer_provider.get_tracer("application")
    with tracer.start_as_current_span("request"):
        await asyncio.gather(save(), save())
    assert tree(measured.spans).count(("send Album.post_save", "request")) == 2
    assert len({each.context.trace_id for each in measured.spans}) == 1


@pytest.mark.parametrize(
    ("receiver", "kind"), [(failing, "ValueError"), (failing_late, f"{__name__}.LateError")]
)
async def test_failure_is_recorded_by_its_type_on_receiver_and_send(measured, receiver, kind):
    Album.signals.post_save.connect(audit)
    Album.signals.post_save.connect(receiver)
    with pytest.raises((ValueError, LateError)):
        await save()
    sent, well, failed = measured.spans
    for span in (sent, failed):
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes[error_attributes.ERROR_TYPE] == kind
    assert well.status.status_code is StatusCode.UNSET
    assert error_attributes.ERROR_TYPE not in well.attributes


async def test_robust_send_succeeds_though_its_receiver_failed(measured):
    Album.signals.post_save.connect(failing)
    (outcome,) = await Album.signals.post_save.send_robust(sender=Album, instance=Album())
    assert outcome.receiver is failing
    assert isinstance(outcome.exception, ValueError)
    sent, failed = measured.spans
    assert sent.status.status_code is StatusCode.UNSET
    assert failed.status.status_code is StatusCode.ERROR


async def test_cancelled_send_is_no_failure(measured):
    Album.signals.post_save.connect(slow)
    task = asyncio.create_task(save())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(measured.spans) == 2
    assert all(each.status.status_code is StatusCode.UNSET for each in measured.spans)


async def test_no_field_value_is_exported(measured):
    for receiver in (audit, failing, failing_late):
        Album.signals.post_save.connect(receiver)
    Album.signals.post_save.connect(slow, on_commit=True)
    with pytest.raises(ValueError, match=SECRET):
        await save()
    with pytest.raises(TypeError):
        await Album.signals.post_save.send(SECRET, SECRET, name=SECRET)
    with pytest.raises(ValueError, match=SECRET):
        await Album.signals.post_save.send(sender=SECRET, instance=SECRET)
    assert "post_save" in measured.everything()
    assert SECRET not in measured.everything()


async def test_span_names_do_not_depend_on_the_payload(measured):
    signal = Signal()
    signal.connect(audit)
    for sender in range(3):
        await signal.send(sender=sender, payload=sender)
    assert {each.name for each in measured.spans} == {"send int.signal", f"{__name__}.audit"}


@pytest.mark.parametrize("connected", [False, True])
async def test_send_without_receivers_makes_no_span(measured, connected):
    if connected:
        Album.signals.post_save.connect(audit)
    with muted(Album):
        assert await Album.signals.post_save.send_robust(sender=Album, instance=Album()) == []
    assert measured.spans == []
    assert measured.points == {}


# --- after the commit ----------------------------------------------------------------------------


class Transaction(Backend):
    """An open transaction that is committed by hand, and the backend that finds it."""

    def __init__(self) -> None:
        self.waiting: list[DeferredSend] = []

    def find_transaction(self, sender: Any, payload: Any) -> Any:
        return self

    async def run_on_commit(self, deferred: DeferredSend) -> None:
        self.waiting.append(deferred)


class ModelType(type):
    """The metaclass of models that have such a backend."""


class Invoice(metaclass=ModelType):
    signals: ModelSignals["Invoice"] = ModelSignals()


async def test_on_commit_receiver_is_linked_to_its_send_and_its_lag_measured(measured):
    transaction = Transaction()
    register_backend(ModelType, transaction)
    signal = Invoice.signals.post_save
    signal.connect(audit)
    signal.connect(slow, on_commit=True)
    await signal.send(sender=Invoice, instance=Invoice())
    assert [each.name for each in measured.spans] == ["send Invoice.post_save", f"{__name__}.audit"]

    await asyncio.sleep(0.05)
    with measured.tracer_provider.get_tracer("application").start_as_current_span("commit"):
        await run_deferred(transaction.waiting, Shield())

    late = next(each for each in measured.spans if each.name.endswith(".slow"))
    send = next(each for each in measured.spans if each.name.startswith("send "))
    assert (late.name, "commit") in tree(measured.spans)
    assert [each.context.span_id for each in late.links] == [send.context.span_id]
    assert late.attributes["typed_signals.on_commit"] is True
    (lag,) = measured.points["typed_signals.on_commit.lag"]
    assert lag.count == 1
    assert 0.05 <= lag.sum < 5
    assert lag.attributes[code_attributes.CODE_FUNCTION_NAME] == late.name


async def test_lag_of_a_real_commit_is_measured(shop, measured):
    signal = getattr(shop.Album, CONFIG).signals.post_save
    signal.connect(audit)
    signal.connect(slow, on_commit=True)
    async with shop.store.database.transaction():
        await shop.Album.objects.create(name=SECRET)
        await asyncio.sleep(0.05)
        assert "typed_signals.on_commit.lag" not in measured.points
    (lag,) = measured.points["typed_signals.on_commit.lag"]
    assert lag.count == 1
    assert 0.05 <= lag.sum < 5
    send, *_, late = measured.spans
    assert [each.context.span_id for each in late.links] == [send.context.span_id]


# --- metrics -------------------------------------------------------------------------------------


async def test_sends_and_receivers_are_counted_and_timed(measured):
    for receiver in (audit, slow):
        Album.signals.post_save.connect(receiver)
    for _ in range(3):
        await save()
    (sends,) = measured.points["typed_signals.send.duration"]
    receivers = {
        each.attributes[code_attributes.CODE_FUNCTION_NAME].rpartition(".")[2]: each
        for each in measured.points["typed_signals.receiver.duration"]
    }
    assert sends.count == 3
    assert dict(sends.attributes) == {
        "typed_signals.signal": "post_save",
        "typed_signals.sender": "Album",
    }
    assert {name: each.count for name, each in receivers.items()} == {"audit": 3, "slow": 3}
    assert receivers["slow"].sum >= 0.03 > receivers["audit"].sum
    assert sends.sum >= receivers["slow"].sum


# What the semantic conventions recommend for durations.
BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]


async def test_metrics_have_a_scope_and_the_unit_seconds(measured):
    Album.signals.post_save.connect(audit, on_commit=True)
    await save()
    found = {metric.name: metric for scope, metric in measured.metrics if scope.name == LIBRARY}
    assert {name: metric.description for name, metric in found.items()} == {
        "typed_signals.send.duration": "Time until every receiver has finished.",
        "typed_signals.receiver.duration": "Time until a receiver has finished.",
        "typed_signals.on_commit.lag": "Time from a send to its receiver after the commit.",
    }
    for metric in found.values():
        assert metric.unit == "s"
        assert [[*point.explicit_bounds] for point in metric.data.data_points] == [BOUNDS]
    assert {each.instrumentation_scope.name for each in measured.spans} == {LIBRARY}


async def test_failures_are_counted_by_type(measured):
    Album.signals.post_save.connect(failing)
    with pytest.raises(ValueError, match=SECRET):
        await save()
    Album.signals.post_save.disconnect(failing)
    Album.signals.post_save.connect(audit)
    await save()
    counts = {
        each.attributes.get(error_attributes.ERROR_TYPE): each.count
        for each in measured.points["typed_signals.send.duration"]
    }
    assert counts == {"ValueError": 1, None: 1}


# --- on and off ----------------------------------------------------------------------------------


async def test_instrumenting_twice_measures_once(measured):
    instrument(tracer_provider=measured.tracer_provider, meter_provider=measured.meter_provider)
    Album.signals.post_save.connect(audit)
    await save()
    assert len(measured.spans) == 2


async def test_nothing_is_measured_when_it_is_off(measured):
    Album.signals.post_save.connect(audit)
    uninstrument()
    uninstrument()
    assert not _middleware.applying(state_of(Signal()))
    await save()
    assert measured.spans == []


async def test_global_providers_are_used_by_default(measured, monkeypatch):
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", measured.tracer_provider)
    Album.signals.post_save.connect(audit)
    instrument()
    await save()
    assert len(measured.spans) == 2


async def test_receivers_behave_the_same_when_measured(measured):
    received: list[Any] = []

    class Counter:
        __hash__ = None

        async def __call__(self, sender, *, passed_args, **kwargs):
            received.extend([passed_args, sender])

    given = {"a": 1}
    Album.signals.pre_relation_add.connect(Counter())
    await Album.signals.pre_relation_add.send(
        sender=Album, instance=Album(), child=Album(), relation_name="x", passed_kwargs=given
    )
    assert received[0] is given
    assert received[1] is Album
    assert [each.name for each in measured.spans][1].endswith("Counter object")


async def test_operations_of_ormar_are_traced(shop, measured):
    async def note(sender, instance, **kwargs):
        await shop.AuditLog(event="saved").save()

    getattr(shop.Album, CONFIG).signals.post_save.connect(note)
    getattr(shop.AuditLog, CONFIG).signals.pre_save.connect(audit)
    await shop.Album.objects.create(name=SECRET)
    names = [each.name for each in measured.spans]
    assert names[0] == "send Album.post_save"
    assert names[1].endswith("note")
    assert names[2:] == ["send AuditLog.pre_save", f"{__name__}.audit"]
    assert tree(measured.spans)[2][1] == names[1]
    assert SECRET not in measured.everything()
