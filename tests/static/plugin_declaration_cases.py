"""Code with wrong contracts and emitters, and what the mypy plugin says of it."""

from tests.static.plugin_cases import Case, refused

CONTRACTS = """
class Sync(Protocol):
    def __call__(self, sender: type[object], *, amount: int, **kwargs: object) -> None: ...
class Positional(Protocol):
    def __call__(
        self, sender: type[object], amount: int, **kwargs: object
    ) -> Awaitable[object]: ...
class NoSender(Protocol):
    async def __call__(self, model: type[object], *, amount: int, **kwargs: object) -> None: ...
class Slash(Protocol):
    async def __call__(self, sender: type[object], /, *, amount: int) -> None: ...
class Before(Protocol):
    async def __call__(self, a: int, /, sender: type[object], *, amount: int) -> None: ...
class NoProtocol:
    async def __call__(self, sender: type[object], *, amount: int, **kwargs: object) -> None: ...
class Renamed(Protocol):
    def __call__(self, sender: type[object], *, amount: int, **kwargs: object) -> Result: ...
Result = Awaitable[None]
class Generic(Protocol[M_contra]):
    async def __call__(
        self, sender: type[M_contra], *args: Any, amount: int, **kwargs: object
    ) -> None: ...
class Below(Renamed, Protocol): ...
class Own(Signal[P_], Generic_[T_, P_]): ...
"""
CONTRACTS = (
    "from typing import Generic as Generic_\n"
    'M_contra = TypeVar("M_contra", contravariant=True)\n'
    'P_ = TypeVar("P_", bound=Callable[..., Awaitable[object]])\n'
    'T_ = TypeVar("T_")\n'
) + CONTRACTS
NO_AWAITABLE = "cannot be a signal's contract: its `__call__` does not return an `Awaitable`"
NO_SENDER = "cannot be a signal's contract: the first parameter of its `__call__` is not `sender`"
NO_SENDER_IN_FUNCTION = "cannot be a signal's contract: its first parameter is not `sender`"
NOT_BY_KEYWORD = (
    "cannot be a signal's contract: its payload `amount` is not keyword-only: write `*` before it"
)
NO_PROTOCOL = "cannot be a signal's contract: it is no Protocol class with a `__call__`"
SHARED = "has a value, which every emitter of the class would share: declare it without"


def under(code: str, *texts: str) -> tuple[str, ...]:
    return tuple(f"{text}  [{code}]" for text in texts)


CASES = [
    Case(
        "contracts that cannot be one are reported where a signal is declared",
        f"""
        {CONTRACTS.replace(chr(10), chr(10) + " " * 8)}
        def connect(own: Own[int, Renamed]) -> None:
            @own.connect
            async def without(sender: type[object], amount: int) -> None: ...
        class Signals(SignalEmitter[Any]):
            alias: Signal[Renamed]
            below: Signal[Below]
            generic: "Signal[Generic[Album]]"
            bare: Signal
            own: Own[int, Renamed]
            sync: Signal[Sync]
            ignored: Signal[Sync]  # type: ignore[type-var]
            positional: Signal[Positional]
            no_sender: Signal[NoSender]
            slash: Signal[Slash]
            no_protocol: Signal[NoProtocol]
            function: Signal[Callable[..., Awaitable[object]]]
        """,
        (
            *under(
                "signal-receiver",
                "it does not accept `**kwargs`, and payloads may grow: add `**kwargs: object` as "
                "its last parameter",
            ),
            *under("signal-contract", f"`Sync` {NO_AWAITABLE}"),
            'of "Signal" must be a subtype of "Callable[..., Awaitable[object]]"  [type-var]',
            *under(
                "signal-contract",
                f"`Positional` {NOT_BY_KEYWORD}",
                f"`NoSender` {NO_SENDER}",
                f"`Slash` {NO_SENDER}",
                f"`NoProtocol` {NO_PROTOCOL}",
                f"`Callable` {NO_PROTOCOL}",
            ),
        ),
    ),
    Case(
        "contracts that cannot be one are reported where a signal is made",
        f"""
        {CONTRACTS.replace(chr(10), chr(10) + " " * 8)}
        Signal[Renamed]()
        Signal[Below]()
        Signal[Generic[Album]]()
        Signal()
        Signal[Sync]()
        Signal[Sync]()  # type: ignore[type-var]
        Signal[Positional]()
        Signal[NoSender]()
        Signal[Before]()
        Signal[NoProtocol]()
        def of_any_contract(signal: Signal[Callable[..., Awaitable[object]]]) -> None: ...
        """,
        (
            'Value of type variable "P" of "Signal" cannot be "Sync"  [type-var]',
            *under(
                "signal-contract",
                f"`Sync` {NO_AWAITABLE}",
                f"`Positional` {NOT_BY_KEYWORD}",
                f"`NoSender` {NO_SENDER}",
                f"`Before` {NO_SENDER}",
                f"`NoProtocol` {NO_PROTOCOL}",
            ),
        ),
    ),
    Case(
        "a function that cannot be a contract is reported where a signal is made of it",
        """
        @signal
        def sync(sender: type[Album], *, amount: int, **kwargs: object) -> None: ...
        @signal
        async def positional(sender: type[Album], amount: int, **kwargs: object) -> None: ...
        @signal(mode="strict")
        async def no_sender(album: type[Album], *, amount: int, **kwargs: object) -> None: ...
        @signal(sequential=True)
        async def slash(sender: type[Album], /, *, amount: int) -> None: ...
        @signal
        async def before(a: int, /, sender: type[Album], *, amount: int) -> None: ...
        async def positional_function(sender: type[Album], amount: int) -> None: ...
        signal(positional_function)
        signal(Paid)
        def of_any(function: Callable[..., Awaitable[object]]) -> None:
            signal(function)
        @signal
        def awaitable(sender: type[Album], *, amount: int) -> Awaitable[object]:
            return positional_function(sender, amount)
        @signal
        async def right(sender: type[Album], *, amount: int, note: str = "") -> None: ...
        """,
        (
            'Value of type variable "F" of "signal" cannot be "def sync(sender: type[Album], *, '
            'amount: int, **kwargs: object) -> None"  [type-var]',
            *under(
                "signal-contract",
                f"`positional` {NOT_BY_KEYWORD}",
                f"`no_sender` {NO_SENDER_IN_FUNCTION}",
                f"`slash` {NO_SENDER_IN_FUNCTION}",
                f"`before` {NO_SENDER_IN_FUNCTION}",
                f"`positional_function` {NOT_BY_KEYWORD}",
            ),
            'Value of type variable "F" of "signal" cannot be "type[Paid]"  [type-var]',
        ),
    ),
    Case(
        "errors about a signal that was made of a function name it",
        """
        @signal
        async def paid(sender: type[Album], *, amount: int, **kwargs: object) -> None: ...
        @signal(mode="strict")
        async def lost(sender: type[Album], *, amount: int) -> None: ...
        @paid.connect
        @lost.connect(on_commit=True)
        async def book(sender: type[Album], amont: int, **kwargs: object) -> None: ...
        reveal_type(book)
        async def send() -> None:
            await paid.send(Album, amount="1")
            await lost.send(Track, amount=1)
        """,
        (
            *refused(
                "it requires `amont`, which `paid` never sends: write `amount`",
                "it requires `amont`, which `lost` never sends: write `amount`",
            ),
            'note: Revealed type is "def (sender: type[Album], amont: int, **kwargs: object) -> '
            'Coroutine[Any, Any, None]"',
            'Argument "amount" to "send" of "paid" has incompatible type "str"; expected "int"  '
            "[arg-type]",
            'Argument 1 to "send" of "lost" has incompatible type "type[Track]"; expected '
            '"type[Album]"  [arg-type]',
        ),
    ),
    Case(
        "an emitter class declares signals, without values",
        """
        class Signals(ModelSignals[Album]):
            made = Signal[Paid]()
            plain = Signal()
            declared: Signal[Paid] = Signal()
            number: int
            _private: int
            _constant = 1
        class Below(Signals):
            other = Signal[Paid]()
        """,
        under(
            "signal-declaration",
            f"`Signals.made` {SHARED} (`made: Signal[<a receiver Protocol>]`)",
            f"`Signals.plain` {SHARED} (`plain: Signal[<a receiver Protocol>]`)",
            f"`Signals.declared` {SHARED} (`declared: Signal[<a receiver Protocol>]`)",
            "`Signals.number` must be declared as a signal: write "
            "`number: Signal[<a receiver Protocol>]`",
            f"`Below.other` {SHARED} (`other: Signal[<a receiver Protocol>]`)",
        ),
    ),
    Case(
        "a decorator without its call",
        """
        @pre_save
        async def save(sender: type[Album], instance: Album, **kwargs: object) -> None: ...
        @signals.post_save.connect
        @pre_update  # type: ignore[arg-type]
        async def update(sender: type[Album], instance: Album, **kwargs: object) -> None: ...
        """,
        (
            'expected "type[Any] | Iterable[type[Any]]"  [arg-type]',
            "`pre_save` expects a model class or several, not a `function`: write "
            "`@pre_save(Album)` or `@pre_save([Album, Track])`  [signal-sender]",
        ),
    ),
    Case(
        "errors about a send name the signal, and those of connect its emitter",
        """
        M_ = TypeVar("M_")
        class ShopSignals(SignalEmitter[M_]):
            paid: Signal[Paid]
        shop = ShopSignals[Any]()
        async def send() -> None:
            await shop.paid.send(Album, amount="1")
            await shop.paid.send_robust(Album)
            await Signal[Paid]().send(Album)
        @shop.paid.connect
        async def wrong(sender: type[Album]) -> None: ...
        """,
        (
            'Argument "amount" to "send" of "paid" has incompatible type "str"; expected "int"  '
            "[arg-type]",
            'Missing named argument "amount" for "send_robust" of "paid"  [call-arg]',
            '"send_robust" defined in "typed_signals._signal"',
            'Missing named argument "amount" for "send" of "Signal"  [call-arg]',
            '"send" defined in "typed_signals._signal"',
            "`wrong` cannot be connected to signal `paid` of ShopSignals: it does not accept "
            "`**kwargs`, and payloads may grow: add `**kwargs: object` as its last parameter  "
            "[signal-receiver]",
        ),
    ),
]
