"""Any history of connects, disconnects and sends, compared with a simple model of a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from typed_signals import Failure, Signal, SignalDefinitionError, set_exception_handler

OPTIONS = st.fixed_dictionaries(
    {}, optional={"on_commit": st.booleans(), "sequential": st.sampled_from([None, True, False])}
)


@dataclass(eq=False)
class Receiver:
    """Notes its calls, and finishes as chosen."""

    number: int
    waits: int
    fails: bool
    calls: list[Receiver]
    options: dict[str, Any] = field(default_factory=dict)

    async def __call__(self, sender: object, **kwargs: object) -> int:
        self.calls.append(self)
        for _ in range(self.waits):
            await asyncio.sleep(0)
        if self.fails:
            raise KeyError(self.number)
        return self.number

    @property
    def on_commit(self) -> bool:
        return bool(self.options.get("on_commit"))


class SignalMachine(RuleBasedStateMachine):
    """Without a transaction, so on-commit receivers run at once, after the others."""

    def __init__(self) -> None:
        super().__init__()
        self.signal = Signal()
        self.calls: list[Receiver] = []
        self.connected: list[Receiver] = []
        self.made = 0
        self.failures: list[Failure] = []
        self.handler = set_exception_handler(self.failures.append)

    def teardown(self) -> None:
        set_exception_handler(self.handler)

    # --- the model -------------------------------------------------------------------------------

    def steps(self) -> Iterator[list[Receiver]]:
        """Who is called before the commit, in groups that each wait for the one before."""
        concurrent: list[Receiver] = []
        for receiver in self.connected:
            if receiver.on_commit:
                continue
            own = receiver.options.get("sequential")
            if self.signal.sequential if own is None else own:
                if concurrent:
                    yield concurrent
                    concurrent = []
                yield [receiver]
            else:
                concurrent.append(receiver)
        if concurrent:
            yield concurrent

    def expected(self, *, robust: bool) -> tuple[list[Receiver], Receiver | None]:
        """Who is called, in order, and whose failure is raised."""
        calls: list[Receiver] = []
        for step in self.steps():
            calls += step
            failed = next((each for each in step if each.fails), None)
            if failed and not robust:
                return calls, failed
        return calls + [each for each in self.connected if each.on_commit], None

    # --- the signal ------------------------------------------------------------------------------

    @rule(waits=st.integers(0, 2), fails=st.booleans(), options=OPTIONS)
    def connect(self, waits: int, fails: bool, options: dict[str, Any]) -> None:
        receiver = Receiver(self.made, waits, fails, self.calls, options)
        self.made += 1
        assert self.signal.connect(receiver, **options) is receiver
        self.connected.append(receiver)

    @precondition(lambda self: self.connected)
    @rule(data=st.data(), options=OPTIONS)
    def connect_again(self, data: st.DataObject, options: dict[str, Any]) -> None:
        receiver = data.draw(st.sampled_from(self.connected))
        default = {"on_commit": False, "sequential": None}
        try:
            self.signal.connect(receiver, **options)
        except SignalDefinitionError:
            assert {**default, **options} != {**default, **receiver.options}
        else:
            assert {**default, **options} == {**default, **receiver.options}

    @precondition(lambda self: self.connected)
    @rule(data=st.data())
    def disconnect(self, data: st.DataObject) -> None:
        receiver = data.draw(st.sampled_from(self.connected))
        assert self.signal.disconnect(receiver)
        assert not self.signal.disconnect(receiver)
        self.connected.remove(receiver)

    @rule(sequential=st.sampled_from([None, True, False]))
    def set_sequential(self, sequential: bool | None) -> None:
        self.signal.sequential = sequential

    @rule()
    def send(self) -> None:
        self.calls.clear()
        self.failures.clear()
        calls, failed = self.expected(robust=False)
        raised: tuple[object, ...] | None = None
        try:
            asyncio.run(self.signal.send(sender=int))
        except KeyError as error:
            raised = error.args
        assert raised == (None if failed is None else (failed.number,))
        self.check(calls)

    @rule()
    def send_robust(self) -> None:
        self.calls.clear()
        self.failures.clear()
        calls, _ = self.expected(robust=True)
        outcomes = asyncio.run(self.signal.send_robust(sender=int))
        self.check(calls)
        assert [each.receiver for each in outcomes] == [
            each for each in self.connected if not each.on_commit
        ]
        for receiver, result, exception in outcomes:
            assert isinstance(receiver, Receiver)
            assert isinstance(exception, KeyError) == receiver.fails
            assert result == (None if receiver.fails else receiver.number)

    def check(self, calls: list[Receiver]) -> None:
        assert self.calls == calls
        assert [failure.receiver for failure in self.failures] == [
            each for each in calls if each.on_commit and each.fails
        ]
        assert list(self.signal.receivers) == self.connected


TestSignal = SignalMachine.TestCase
TestSignal.settings = settings(max_examples=50, stateful_step_count=30)
