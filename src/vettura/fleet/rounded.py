"""The car's own functions rewritten for compilers that round otherwise: nothing is written twice.

A GPU's compiler fuses a product and the sum it goes into and rounds once instead of twice, and its
`min` and `max` order zeros by their sign: other bits than the processor's. So every product, `min`
and `max` in the sources of the car is replaced by a call, made from the same text at run time.
"""

import ast
import inspect
from collections.abc import Callable, Sequence
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from vettura.fleet.compiled import own_functions

FOLDS = {"min": "least_of_two", "max": "greatest_of_two"}


class Operations(NamedTuple):
    """What a product, `min` and `max` of two numbers become; no name that the car itself uses."""

    product_of_two: Callable[..., Any]
    least_of_two: Callable[..., Any]
    greatest_of_two: Callable[..., Any]


def rewrite(
    modules: Sequence[ModuleType],
    operations: Operations,
    finish: Callable[[FunctionType], Callable[..., Any]],
) -> dict[Callable[..., Any], Callable[..., Any]]:
    """New functions by old, for all those of `modules`; they call each other, never an old one.

    `finish` makes of each what its callers call.
    """
    spaces = [vars(module) | operations._asdict() for module in modules]
    made: dict[Callable[..., Any], Callable[..., Any]] = {}
    for module, space in zip(modules, spaces, strict=True):
        for function in own_functions(module):
            exec(_rewritten_code(function), space)  # noqa: S102  our own source, rewritten
            made[function] = finish(space[function.__name__])
    # A function finds its callees by name in its module, where many are imported ones.
    for module, space in zip(modules, spaces, strict=True):
        for name, value in vars(module).items():
            if isinstance(value, FunctionType) and value in made:
                space[name] = made[value]
    return made


def rewritten_tree(function: FunctionType) -> ast.Module:
    """The source of a function, with calls for products, `min` and `max`."""
    tree = ast.parse(inspect.getsource(function))
    ast.increment_lineno(tree, function.__code__.co_firstlineno - 1)
    rewritten: ast.Module = ast.fix_missing_locations(_Calls().visit(tree))
    return rewritten


def _rewritten_code(function: FunctionType) -> Any:  # noqa: ANN401  a code object
    code = function.__code__
    assert not {*code.co_names, *code.co_varnames} & {*Operations._fields}
    return compile(rewritten_tree(function), code.co_filename, "exec")


class _Calls(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        assert not isinstance(node.op, ast.Pow), "a power hides products"
        if isinstance(node.op, ast.Mult):
            return _call("product_of_two", node.left, node.right, at=node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        assert not isinstance(node.op, ast.Mult | ast.Pow), "write the product out"
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or node.func.id not in FOLDS:
            return node
        # From left to right, as the processor's `min` and `max` go.
        folded = node.args[0]
        for value in node.args[1:]:
            folded = _call(FOLDS[node.func.id], folded, value, at=node)
        return folded


def _call(name: str, left: ast.expr, right: ast.expr, *, at: ast.AST) -> ast.expr:
    call = ast.Call(ast.Name(name, ast.Load()), [left, right], [])
    return ast.copy_location(call, at)
