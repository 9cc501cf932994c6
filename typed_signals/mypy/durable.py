"""Feature: a durable receiver is checked by what arrives at work time.

What mypy cannot do by itself: no type can add ``job`` to the parameters of the Protocol that a
declared signal has, and none can find the durable contract of a signal that is named by a string or
is an attribute of an emitter. To mypy, such receivers get any payload (``CustomDurableReceiver``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from mypy.nodes import ArgKind
from mypy.plugin import CheckerPluginInterface, MethodContext
from mypy.subtypes import find_member
from mypy.typeops import make_simplified_union
from mypy.types import (
    CallableType,
    Instance,
    NoneType,
    ProperType,
    Type,
    TypeType,
    get_proper_type,
)

from typed_signals._durable import durable_receiver, why_not_durable
from typed_signals.mypy.callables import called, protocol_calls, protocol_of, read_contract
from typed_signals.mypy.codes import SIGNAL_RECEIVER
from typed_signals.mypy.fullnames import CUSTOM_DURABLE, DURABLE, JOB, LIFECYCLES
from typed_signals.mypy.lookup import checker_of, find_class, items_of


def contracts_of(ctx: MethodContext) -> list[CallableType]:
    """The calls that a receiver has to accept; none if they are not known, or refused here."""
    protocol = protocol_of(ctx.type)
    payload = _durable_option(ctx)
    if isinstance(protocol, Instance) and protocol.type.fullname == CUSTOM_DURABLE:
        protocol, payload, *_ = map(get_proper_type, protocol.args)
    if payload is None or protocol is None:
        return protocol_calls(ctx.type)
    calls = [_durable_call(ctx, each, payload) for each in items_of(protocol)]
    return [each for each in calls if each is not None] if all(calls) else []


def _durable_option(ctx: MethodContext) -> ProperType | None:
    """The payload model of ``durable=`` beside the receiver; ``None`` without that argument."""
    if "durable" not in ctx.callee_arg_names:
        return None
    given = ctx.arg_types[ctx.callee_arg_names.index("durable")]
    option = get_proper_type(given[0]) if given else None
    payload = find_member("payload", option, option) if isinstance(option, Instance) else None
    items = items_of(payload) if payload is not None else []
    return next((each.item for each in items if isinstance(each, TypeType)), None)


def _durable_call(
    ctx: MethodContext, protocol: ProperType, payload: ProperType
) -> CallableType | None:
    """The call of a durable receiver of a signal with a Protocol; ``None`` if it is not known."""
    call = called(protocol) if isinstance(protocol, Instance) else None
    if not isinstance(call, CallableType) or not isinstance(protocol, Instance):
        return None
    lifecycle = protocol.type.module_name in LIFECYCLES
    name = _signal_name(protocol) if lifecycle else ""
    contract = read_contract(call)
    without = isinstance(payload, NoneType)
    why = why_not_durable(contract, name, lifecycle=lifecycle, has_payload=not without)
    if why is not None:
        ctx.api.fail(why, ctx.context, code=SIGNAL_RECEIVER)
        return None
    if not lifecycle:
        return _with_job(ctx.api, call)
    made: Type = payload
    if without:
        model = protocol.args[0]
        is_bulk = "instances" in contract.payload
        made = model if is_bulk else make_simplified_union([model, NoneType()])
    name = f"{DURABLE}.{durable_receiver(contract.payload).__name__}"
    own = _instance(ctx.api, name, [protocol.args[0], made])
    found = called(own) if own is not None else None
    return found if isinstance(found, CallableType) else None


def _signal_name(protocol: Instance) -> str:
    words: Sequence[str] = re.findall(r"[A-Z][a-z]+", protocol.type.name.removesuffix("Receiver"))
    return "_".join(words).lower()


def _instance(
    api: CheckerPluginInterface, name: str, arguments: Sequence[Type] = ()
) -> Instance | None:
    """A type by its full name; the plugin interface only knows those of modules that are public."""
    cls = find_class(checker_of(api).modules, name)
    return Instance(cls, arguments) if cls else None


def _with_job(api: CheckerPluginInterface, call: CallableType) -> CallableType | None:
    """A call with ``job`` in it, before its ``**kwargs``."""
    end = len(call.arg_kinds)
    if call.arg_kinds and call.arg_kinds[-1] is ArgKind.ARG_STAR2:
        end -= 1
    job = _instance(api, JOB)
    if job is None:
        return None
    return call.copy_modified(  # pyright: ignore[reportUnknownMemberType] - mypy's own
        arg_types=[*call.arg_types[:end], job, *call.arg_types[end:]],
        arg_kinds=[*call.arg_kinds[:end], ArgKind.ARG_NAMED, *call.arg_kinds[end:]],
        arg_names=[*call.arg_names[:end], "job", *call.arg_names[end:]],
    )
