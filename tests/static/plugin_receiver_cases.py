"""All kinds of receivers, and what the mypy plugin says of them."""

from tests.static.plugin_cases import Case, refused

NOT_CALLABLE = (
    "it cannot be called: connect an `async def` function, a bound method or an object with "
    "`__call__`"
)

CASES = [
    Case(
        "valid receivers, and those of which nothing is known, are accepted",
        """
        T = TypeVar("T")
        async def exact(sender: type[Album], instance: Album, **kwargs: object) -> int:
            return 1
        async def wide(sender: type[Model], instance: Model, **kwargs: object) -> None: ...
        async def any_class(sender: type, *, instance: object, **kwargs: Any) -> None: ...
        async def generic(sender: type[T], instance: T, **kwargs: object) -> None: ...
        async def everything(*args: Any, **kwargs: Any) -> None: ...
        async def untyped(sender, **kwargs): ...  # type: ignore[no-untyped-def]
        async def bound(extra: str, sender: type[Album], **kwargs: object) -> None: ...
        async def own_default(sender: type[Album], retries: int = 3, **kwargs: object) -> None: ...
        def annotated(sender: type[Album], **kwargs: object) -> Awaitable[int]:
            return exact(sender, Album())
        class Receivers:
            async def method(self, sender: type[Album], **kwargs: object) -> None: ...
            @staticmethod
            async def static(sender: type[Album], **kwargs: object) -> None: ...
            @classmethod
            async def of_class(cls, sender: type[Album], **kwargs: object) -> None: ...
            async def __call__(self, sender: type[Album], **kwargs: object) -> None: ...
        unknown: Callable[..., Any] = untyped
        listens: PreSaveReceiver[Album] = exact
        for each in (signals.pre_save, signals.post_save):
            each.connect(exact)
            each.connect(wide)
            each.connect(any_class)
            each.connect(generic)
            each.connect(everything)
            each.connect(untyped)
            each.connect(partial(bound, "extra"))
            each.connect(own_default)
            each.connect(annotated)
            each.connect(Receivers().method)
            each.connect(Receivers.static)
            each.connect(Receivers.of_class)
            each.connect(Receivers())
            each.connect(unknown)
            each.connect(listens)
            each.connect(AsyncMock())
        """,
    ),
    Case(
        "receivers that only a type names",
        """
        class Inner:
            async def __call__(self, instance: Track, **kwargs: object) -> None: ...
        class Outer:
            __call__: Inner
        class Circle:
            __call__: Circle
        class Unknown:
            __call__: Any
        class Receivers:
            @staticmethod
            async def static(sender: type[Album], /, **kwargs: object) -> None: ...
        R = TypeVar("R", bound=Receivers)
        def connect(kind: type[Receivers], receivers: R) -> None:
            local = Receivers
            for signal in [signals.pre_save]:
                signal.connect(Outer())
                signal.connect(Circle())
                signal.connect(Unknown())
                signal.connect(kind.static)
                signal.connect(local.static)
                signal.connect(receivers.static)
                signal.connect(receivers)
        """,
        refused(
            "it has no `sender` parameter of its own, `**kwargs` swallows it: write `sender` as "
            "its first parameter",
            "`instance` is annotated `Track`, and the signal sends `Album`: "
            "write `instance: Album`",
            NOT_CALLABLE,
            *["`sender` is positional-only, and it is sent by keyword: remove the `/`"] * 3,
            NOT_CALLABLE,
        ),
    ),
]
