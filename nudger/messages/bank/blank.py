"""Texts that come to nothing: of which nobody would see anything, or only on some days."""

import unicodedata
from collections.abc import Sequence

from jinja2 import nodes

# Blank on every phone, though Unicode has them among letters and symbols: fillers, and Braille's empty cell.
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_INVISIBLE = ("Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp")
SOMETIMES = frozenset({"contact.relation", "if_then"})  # what a plan may leave out is nothing then


def is_blank(text: str) -> bool:
    """Whether nobody would see anything of it: spaces, joiners, marks without a letter under them."""
    return all(one in _FILLERS or unicodedata.category(one) in _INVISIBLE for one in text)


def may_be_blank(node: nodes.Node) -> bool:
    """Whether what is rendered of it can be blank. Each name has a value, but those of SOMETIMES."""
    match node:
        case nodes.TemplateData(data=text) | nodes.Const(value=str(text)):
            return is_blank(text)
        case nodes.Name(name=name):
            return name in SOMETIMES
        case nodes.Getattr(node=nodes.Name(name=name), attr=part):
            return f"{name}.{part}" in SOMETIMES
        case nodes.Filter(node=nodes.Node() as filtered):
            return may_be_blank(filtered)
        case nodes.If(body=body, elif_=others, else_=otherwise):
            return _all(body) or any(_all(other.body) for other in others) or _all(otherwise)
        case nodes.CondExpr(expr1=one, expr2=other):
            return may_be_blank(one) or (other is None or may_be_blank(other))
        case nodes.And():
            return may_be_blank(node.left) or may_be_blank(node.right)
        case nodes.Or():
            return may_be_blank(node.right)
        case nodes.Template(body=body) | nodes.Output(nodes=body) | nodes.Concat(nodes=body):
            return _all(body)
        case _:
            return False  # what compares is a word


def _all(parts: Sequence[nodes.Node]) -> bool:
    """None of an empty list is seen, either."""
    return all(map(may_be_blank, parts))
