"""Jinja2, cut down to what a message needs, so that no message can run away.

A message may hold text, names, `{% if %}` and filters that do not make text longer. There are no
loops, no assignments, no calls and no arithmetic, so the time and the length of a rendering are
bounded by those of its source: a bomb is refused when it is read, not survived when it is due.
What passes here cannot fail when it is rendered with text for every name of its vocabulary.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

LONGEST_SOURCE = 1600  # characters; also the longest body that Twilio takes
DEEPEST = 25  # nodes inside one another, long before Python's own limits

_FILTERS = ("capitalize", "default", "lower", "title", "trim", "upper")
_HAVE_ARGUMENT = ("default",)
_COMPARISONS = ("eq", "ne", "in", "notin")
_STATEMENTS = {
    nodes.For: "{% for %}",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.Block: "{% block %}",
    nodes.Extends: "{% extends %}",
    nodes.Include: "{% include %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% from %}",
    nodes.With: "{% with %}",
    nodes.Call: "a call such as range()",
    nodes.BinExpr: "arithmetic",
    nodes.UnaryExpr: "arithmetic",
    nodes.Getitem: "[...]",
    nodes.Test: '"is"',
    nodes.Const: "a number",
    nodes.List: "a list",
}
# Blank on every phone, though Unicode has them among letters and symbols: fillers, and Braille's empty cell.
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_INVISIBLE = ("Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp")
SOMETIMES = frozenset({"contact.relation", "if_then"})  # what a plan may leave out is nothing then


class Refused(Exception):
    """This source is no message; the text says why, for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a message may name: plain names, and names that are only ever used by their parts."""

    names: frozenset[str]
    parts: tuple[tuple[str, frozenset[str]], ...] = ()

    def of(self, name: str) -> frozenset[str] | None:
        """Returns the parts of `name`, or None where it has none."""
        return dict(self.parts).get(name)

    def all(self) -> list[str]:
        dotted = [f"{name}.{part}" for name, parts in self.parts for part in parts]
        return sorted([*self.names, *dotted])


@dataclass(frozen=True)
class Compiled:
    """A message that was read and found sound, ready to be rendered any number of times."""

    source: str
    uses: frozenset[str]  # the names before any dot
    may_be_blank: bool = False  # for some values nobody would see anything of it

    @cached_property
    def template(self) -> Template:
        """Compiled at the first rendering: a start that reads every language's bank stays quick."""
        return _ENVIRONMENT.from_string(self.source)

    def render(self, values: Mapping[str, object]) -> str:
        """Returns the text. `values` holds text (or an object of text parts) for every name in `uses`."""
        return self.template.render(values)


def _environment() -> SandboxedEnvironment:
    # The text is for SMS and text/plain; the HTML part escapes the finished text.
    environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    return environment


_ENVIRONMENT = _environment()
_PAGES = SandboxedEnvironment(
    undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
)


# One entry is about 10 KB; a fleet has few sources beside the bank's, and a lost one costs 1 ms.
@lru_cache(maxsize=4096)
def compile_source(source: str, vocabulary: Vocabulary) -> Compiled:
    """Reads one message. Raises Refused."""
    if len(source) > LONGEST_SOURCE:
        raise Refused(f"is {len(source)} characters long; at most {LONGEST_SOURCE} can be sent")
    try:
        tree = _ENVIRONMENT.parse(source) if "{" in source else _plain_text(source)
    except TemplateSyntaxError as fault:
        raise Refused(f"is not valid Jinja2: {fault.message}") from fault
    except RecursionError:
        raise Refused("is nested too deeply") from None
    uses = frozenset(_walk(tree, vocabulary, 0))
    return Compiled(source, uses, may_be_blank(tree))


def _plain_text(source: str) -> nodes.Template:
    """What Jinja2 makes of a text without any of its marks, as most are; its lexer takes far longer."""
    return nodes.Template([nodes.Output([nodes.TemplateData(source)])] if source else [])


def compile_page(source: str, names: frozenset[str]) -> Template:
    """Reads the HTML of emails: the operator's own, so it may loop; values are escaped. Raises Refused."""
    try:
        unknown = sorted(meta.find_undeclared_variables(_PAGES.parse(source)) - names)
        if unknown:
            raise Refused(f"uses {_listed(unknown)}, unknown here; the page knows {_listed(sorted(names))}")
        return _PAGES.from_string(source)
    except (TemplateError, RecursionError) as fault:
        raise Refused(f"is not valid Jinja2: {fault}") from fault


def _walk(node: nodes.Node, vocabulary: Vocabulary, depth: int, listed: bool = False) -> Iterator[str]:
    """Yields the names that `node` uses. Raises Refused at the first thing a message may not do."""
    if depth > DEEPEST:
        raise Refused("is nested too deeply")
    match node:
        case nodes.Name(name=name):
            yield _plain(name, vocabulary)
            return
        case nodes.Getattr(node=nodes.Name(name=name), attr=part):
            yield _part(name, part, vocabulary)
            return
        case nodes.Const(value=str(value)):
            _refuse_surrogates(value)
            return
        case nodes.Compare():
            _check_comparison(node)
        case nodes.Filter():
            _check_filter(node)
        case nodes.CondExpr(expr2=None):
            raise Refused('has an "if" without an "else"; write {% if %}...{% endif %}')
        case nodes.Template() | nodes.Output() | nodes.TemplateData() | nodes.If() | nodes.Operand():
            pass
        case nodes.CondExpr() | nodes.And() | nodes.Or() | nodes.Not() | nodes.Concat():
            pass
        case nodes.List() if listed:
            pass
        case _:
            raise Refused(_not_here(node, vocabulary))
    for child in node.iter_child_nodes():
        yield from _walk(child, vocabulary, depth + 1, isinstance(node, nodes.Operand))


def _plain(name: str, vocabulary: Vocabulary) -> str:
    if name in vocabulary.names:
        return name
    parts = vocabulary.of(name)
    if parts:
        raise Refused(f'uses "{name}" whole; it has {_listed(f"{name}.{part}" for part in sorted(parts))}')
    raise Refused(_unknown(name, vocabulary))


def _part(name: str, part: str, vocabulary: Vocabulary) -> str:
    if part in (vocabulary.of(name) or ()):
        return name
    raise Refused(_unknown(f"{name}.{part}", vocabulary))


def _unknown(name: str, vocabulary: Vocabulary) -> str:
    known = vocabulary.all()
    near = get_close_matches(name, known, n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"a message here knows {_listed(known)}"
    return f'uses "{name}", which is unknown; {hint}'


def _check_comparison(node: nodes.Compare) -> None:
    """Text with text, or text in a list of texts: so that no comparison can fail when rendered."""
    for operand in node.ops:
        if operand.op not in _COMPARISONS:
            raise Refused("compares by size; a message compares by == != and in")
        if isinstance(operand.expr, nodes.List) and operand.op in ("in", "notin"):
            continue
        _check_text(operand.expr)
    if len(node.ops) > 1:
        raise Refused("chains comparisons; join them by `and`")
    _check_text(node.expr)


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in _FILTERS:
        raise Refused(f'uses the filter "{node.name}"; a message has {_listed(_FILTERS)}')
    allowed = 1 if node.name in _HAVE_ARGUMENT else 0
    if len(node.args) > allowed or node.kwargs or node.dyn_args or node.dyn_kwargs or node.node is None:
        raise Refused(f'gives the filter "{node.name}" something that it does not take')
    for expression in (node.node, *node.args):
        _check_text(expression)


def _check_text(node: nodes.Node) -> None:
    if not isinstance(node, nodes.Name | nodes.Getattr | nodes.Const | nodes.Filter):
        raise Refused("compares or filters something other than a name or a text in quotes")


def _refuse_surrogates(value: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Refused("holds half of a character; write the character itself")


def _not_here(node: nodes.Node, vocabulary: Vocabulary) -> str:
    what = next((words for kind, words in _STATEMENTS.items() if isinstance(node, kind)), "this")
    return (
        f"uses {what}, which has no place in a message; it can hold {{% if %}}, "
        f"the filters {_listed(_FILTERS)}, and {_listed(vocabulary.all())}"
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def is_blank(text: str) -> bool:
    """Tells whether nobody would see anything of it: spaces, joiners, marks without a letter under them."""
    return all(one in _FILLERS or unicodedata.category(one) in _INVISIBLE for one in text)


def may_be_blank(node: nodes.Node) -> bool:
    """Tells whether what is rendered of it can be blank. Each name has a value, but those of SOMETIMES."""
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
            return (
                _all_blank(body) or any(_all_blank(other.body) for other in others) or _all_blank(otherwise)
            )
        case nodes.CondExpr(expr1=one, expr2=other):
            return may_be_blank(one) or (other is None or may_be_blank(other))
        case nodes.And():
            return may_be_blank(node.left) or may_be_blank(node.right)
        case nodes.Or():
            return may_be_blank(node.right)
        case nodes.Template(body=body) | nodes.Output(nodes=body) | nodes.Concat(nodes=body):
            return _all_blank(body)
        case _:
            return False  # what compares is a word


def _all_blank(parts: Sequence[nodes.Node]) -> bool:
    """None of an empty list is seen, either."""
    return all(map(may_be_blank, parts))
