"""Common Expression Language as the syntax tree that Envoy's RBAC takes (google.api.expr.v1alpha1.Expr)."""

from __future__ import annotations

from functools import reduce

from gateway.config.plain import Plain


def ident(name: str) -> Plain:
    """A variable."""
    return {"ident_expr": {"name": name}}


def text(value: str) -> Plain:
    """A string."""
    return {"const_expr": {"string_value": value}}


def number(value: int) -> Plain:
    """An integer."""
    return {"const_expr": {"int64_value": str(value)}}


def call(function: str, *arguments: Plain, target: Plain | None = None) -> Plain:
    """`function(arguments…)`, or `target.function(arguments…)`."""
    return {"call_expr": {"function": function, "args": list(arguments), **({"target": target} if target else {})}}


def path(root: str, field: str, *keys: str) -> Plain:
    """`root.field["key"]["key"]…`."""
    selected: Plain = {"select_expr": {"operand": ident(root), "field": field}}
    return reduce(lambda inner, key: call("_[_]", inner, text(key)), keys, selected)


def every(*conditions: Plain) -> Plain:
    """All of these hold. A condition that cannot be evaluated makes the whole one fail, hence not match."""
    return reduce(lambda left, right: call("_&&_", left, right), conditions)


def numbered(expression: Plain) -> Plain:
    """The tree with the ids that the syntax asks for: every node one of its own."""
    count = 0

    def visit(node: Plain) -> Plain:
        nonlocal count
        count += 1
        made: Plain = {"id": str(count), **node}
        if "call_expr" in node:
            inner = dict(node["call_expr"])
            inner["args"] = [visit(argument) for argument in inner["args"]]
            if "target" in inner:
                inner["target"] = visit(inner["target"])
            made["call_expr"] = inner
        if "select_expr" in node:
            made["select_expr"] = {**node["select_expr"], "operand": visit(node["select_expr"]["operand"])}
        return made

    return visit(expression)
