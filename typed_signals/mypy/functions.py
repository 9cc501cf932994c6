"""The function that an expression names, found in the symbol tables.

mypy links a callable type to the function that it was read from, but a module that comes from
mypy's cache has lost most of these links, and the decorators and parameter names behind them. So
of other modules only what the cache keeps is used: results are the same with and without it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mypy.nodes import (
    Argument,
    CallExpr,
    Context,
    Decorator,
    Expression,
    FuncDef,
    MemberExpr,
    RefExpr,
    SymbolNode,
    TempNode,
    TypeInfo,
)
from mypy.plugin import CheckerPluginInterface
from mypy.typeops import try_getting_instance_fallback
from mypy.types import (
    CallableType,
    FunctionLike,
    Instance,
    ProperType,
    TypeType,
    get_proper_type,
)

from typed_signals.mypy.fullnames import CONNECTOR, SIGNAL
from typed_signals.mypy.lookup import checker_of


@dataclass(frozen=True)
class Place:
    """Where a receiver stands.

    Attributes:
        api: mypy's checker.
        context: The call, or the function with the decorator.
        expression: The receiver; for a decorated function it stands where its decorator does.
    """

    api: CheckerPluginInterface
    context: Context
    expression: Expression

    @property
    def connector(self) -> Expression | None:
        """What is called with the receiver: ``signals.pre_save.connect``, ``pre_save(Album)``."""
        if isinstance(self.context, Decorator):
            position = (self.expression.line, self.expression.column)
            decorators = self.context.original_decorators
            return next((d for d in decorators if (d.line, d.column) == position), None)
        return self.context.callee if isinstance(self.context, CallExpr) else None

    @property
    def partial(self) -> Place | None:
        """The function in the expression ``partial(function, ...)``."""
        call = self.expression
        if (
            isinstance(call, CallExpr)
            and isinstance(call.callee, RefExpr)
            and call.callee.fullname == "functools.partial"
            and call.args
        ):
            return Place(self.api, call, call.args[0])
        return None

    def type_of(self, expression: Expression) -> ProperType | None:
        """The type of an expression that mypy has checked."""
        checker = checker_of(self.api)
        known = checker.has_type(expression)
        return get_proper_type(checker.lookup_type(expression)) if known else None

    def is_local(self, function: FuncDef) -> bool:
        """Whether a function is defined in the module that is being checked."""
        module = checker_of(self.api).tree.fullname
        if function.info:
            return function.info.module_name == module
        return function.fullname.rpartition(".")[0] in ("", module)


@dataclass(frozen=True)
class Named:
    """A function that the code names.

    Attributes:
        function: The function.
        exact: Whether just this function is called; a decorator may have returned another one.
        local: Whether it is defined in the module that is being checked.
    """

    function: FuncDef
    exact: bool
    local: bool

    @property
    def words(self) -> str:
        """Its name, with that of its class."""
        name = self.function.name
        return f"`{self.function.info.name}.{name}`" if self.function.info else f"`{name}`"

    def parameter(self, index: int, count: int) -> str | None:
        """The name of a positional-only parameter, if mypy knows it with and without its cache.

        ``index`` is its place among the ``count`` that are left to be given; those before them are
        bound, as ``self`` is.
        """
        if not self.local:
            first = index == 0 and count == len(self.function.arg_names)
            # Older mypys do not have the attribute.
            return getattr(self.function, "original_first_arg", None) if first else None
        arguments: list[Argument] = self.function.arguments
        place = index + len(arguments) - count
        return arguments[place].variable.name if 0 <= place < len(arguments) else None


def named_function(place: Place, receiver: ProperType) -> Named | None:
    """Find the function that a receiver's expression names, by its place and its type."""
    if isinstance(place.context, Decorator) and isinstance(place.expression, TempNode):
        exact = all(_connects(place, each) for each in _decorators_below(place))
        return Named(place.context.func, exact, local=True)
    if named := _by_name(place):
        return named
    # An alias, say: mypy knows what it stands for where it has read the definition itself.
    function = receiver.definition if isinstance(receiver, CallableType) else None
    if isinstance(function, Decorator):
        function = function.func
    if isinstance(function, FuncDef) and place.is_local(function):
        is_result = isinstance(place.expression, CallExpr)
        return Named(function, not (is_result or function.is_decorated), local=True)
    return None


def call_method(place: Place, owner: TypeInfo) -> Named | None:
    """Find the ``__call__`` of a class; ``None`` if it is no method."""
    symbol = owner.get("__call__")
    return _named(place, symbol.node) if symbol else None


def _by_name(place: Place) -> Named | None:
    expression = place.expression
    if isinstance(expression, RefExpr) and expression.node is not None:
        return _named(place, expression.node)
    if isinstance(expression, MemberExpr):
        owner = _class_of(place.type_of(expression.expr))
        symbol = owner.get(expression.name) if owner else None
        return _named(place, symbol.node) if symbol else None
    return None


def _named(place: Place, node: SymbolNode | None) -> Named | None:
    if isinstance(node, FuncDef):
        return Named(node, exact=True, local=place.is_local(node))
    if isinstance(node, Decorator) and not node.var.is_property:
        return Named(node.func, _is_unchanged(node), place.is_local(node.func))
    return None


def _is_unchanged(decorated: Decorator) -> bool:
    """Whether nothing but ``@staticmethod`` or ``@classmethod`` decorates a function.

    The cache forgets the decorators, so the type that they gave the function has to show it.
    """
    function, typ = decorated.func, get_proper_type(decorated.var.type)
    if not (function.is_static or function.is_class) or not isinstance(typ, CallableType):
        return False
    own = function.type
    if not isinstance(own, CallableType):
        return typ.implicit
    return own.arg_names == typ.arg_names and own.ret_type == typ.ret_type


def _class_of(typ: ProperType | None) -> TypeInfo | None:
    if isinstance(typ, TypeType):
        return _class_of(typ.item)
    if isinstance(typ, FunctionLike) and typ.is_type_obj():
        return typ.type_object()
    instance = try_getting_instance_fallback(typ) if typ else None
    return instance.type if instance else None


def _decorators_below(place: Place) -> list[Expression]:
    """The decorators that are applied before the one whose receiver this is."""
    decorators = place.context.decorators if isinstance(place.context, Decorator) else []
    own = place.connector
    return decorators[decorators.index(own) + 1 :] if own in decorators else decorators


def _connects(place: Place, decorator: Expression) -> bool:
    """Whether a decorator is one of ours, which give back the function itself."""
    owner = decorator
    if isinstance(decorator, MemberExpr) and decorator.name == "connect":
        owner = decorator.expr
    typ = place.type_of(owner)
    return isinstance(typ, Instance) and typ.type.has_base(
        CONNECTOR if owner is decorator else SIGNAL
    )
