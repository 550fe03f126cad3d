import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.domain.model import Contact
from nudger.messages import Wording
from nudger.messages.bank.messages import MESSAGE
from nudger.messages.bank.sandbox import _ENVIRONMENT, Refused, compile_source, may_be_blank

VALUES = {
    "name": "Maya",
    "kind": "rest",
    "weekday": "Monday",
    "part_of_day": "morning",
    "if_then": "",
    "snooze": "1 hour",
    "contact": Contact("Sam", "brother"),
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Hi {{ name }}", "Hi Maya"),
        ("{{ contact.name|upper }}, your {{ contact.relation }}", "SAM, your brother"),
        ("{% if weekday == 'Monday' %}A new week{% else %}Hello{% endif %}", "A new week"),
        ("{% if weekday in ['Saturday', 'Sunday'] %}weekend{% elif name %}week{% endif %}", "week"),
        ("{{ 'Good ' ~ part_of_day if name != '' else 'Hello' }}", "Good morning"),
        ("{{ if_then|default('', ) }}{# a remark #}", ""),
        ("{% raw %}{{ as it stands }}{% endraw %}", "{{ as it stands }}"),
    ],
)
def test_a_message_may_name_compare_and_filter(source: str, text: str) -> None:
    assert compile_source(source, MESSAGE).render(VALUES) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ name.__class__ }}",
        "{{ contact.__init__.__globals__ }}",
        "{{ name['__class__'] }}",
        "{{ name|attr('__class__') }}",
        "{{ self }}",
        "{{ self.__init__ }}",
        "{{ cycler.__init__ }}",
        "{{ lipsum() }}",
        "{{ config }}",
        "{{ name.format(name) }}",
        "{{ '{0.__class__}'.format(name) }}",
        "{{ name|map('upper')|list }}",
        "{% include '/etc/passwd' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% macro f() %}{{ caller() }}{% endmacro %}",
        "{{ '\\ud800' }}",
    ],
)
def test_an_escape_from_the_sandbox_is_refused(source: str) -> None:
    with pytest.raises(Refused):
        compile_source(source, MESSAGE)


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 9999999999 }}",
        "{{ 9 ** 9 ** 9 ** 9 }}",
        "{{ name|center(9999999999) }}",
        "{{ '%9999999999d'|format(1) }}",
        "{{ name|replace('', name)|replace('', name)|replace('', name) }}",
        "{% set x = name %}" + "{% set x = x ~ x %}" * 60 + "{{ x }}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ " + "(" * 700 + "name" + ")" * 700 + " }}",
        "{{ " + "not " * 390 + "name }}",
        "{{ " + "1" * 1500 + " }}",
        "{% if name %}" * 100 + "{% endif %}" * 100,
        "x" * 1601,
    ],
)
def test_a_bomb_is_refused_when_it_is_read(source: str) -> None:
    with pytest.raises(Refused):
        compile_source(source, MESSAGE)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ nmae }}", 'uses "nmae", which is unknown; did you mean "name"?'),
        ("{{ contact.nam }}", 'uses "contact.nam", which is unknown; did you mean "contact.name"?'),
        ("{{ contact }}", 'uses "contact" whole; it has contact.name, contact.relation'),
        ("{{ name", "is not valid Jinja2: unexpected end of template"),
        ("{% for c in name %}{% endfor %}", "uses {% for %}, which has no place in a message"),
        ("{{ name.upper() }}", "uses a call such as range()"),
        ("{{ name|truncate }}", 'uses the filter "truncate"; a message has'),
        ("{{ name|upper('x') }}", 'gives the filter "upper" something that it does not take'),
        ("{{ 'a' if name == 'b' }}", 'has an "if" without an "else"'),
        ("{{ name < 'b' }}", "compares by size"),
        ("{{ 5 }}", "uses a number"),
        ("{{ -name }}", "uses arithmetic"),
        ("{{ ['a'] }}", "uses a list"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do(source: str, said: str, wording: Wording) -> None:
    problem = wording.check(source, has_contact=True)
    assert problem is not None
    assert said in problem


def test_a_contact_is_refused_where_the_nudge_has_none(wording: Wording) -> None:
    assert wording.check("Call {{ contact.name }}", has_contact=True) is None
    assert wording.check("Call {{ contact.name }}", has_contact=False) == (
        "names a contact, and the nudge has none"
    )


def test_an_if_then_line_is_refused_where_the_plan_has_none(wording: Wording) -> None:
    assert wording.check("{{ if_then }}", has_contact=False) is None
    assert wording.check("{{ if_then }}", has_contact=False, has_if_then=False) == (
        'uses "if_then", and the plan has none'
    )


def test_a_message_without_words_is_refused(wording: Wording) -> None:
    assert wording.check("  ", has_contact=False) == "is empty"


NAMES = st.sampled_from(["name", "weekday", "if_then", "contact.name", "contact.relation", "'a'", "''"])
TEXTS = st.recursive(
    NAMES, lambda inner: st.builds("{}|{}".format, inner, st.sampled_from(["upper", "trim"]))
)
COMPARED = st.builds("({} {} {})".format, TEXTS, st.sampled_from(["==", "!=", "in", "not in"]), TEXTS)
EXPRESSIONS = st.recursive(
    TEXTS | COMPARED | st.builds("({} in [{}, {}])".format, TEXTS, TEXTS, TEXTS),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or", "~"]), inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=6,
)
MESSAGES = st.one_of(
    st.builds("{{{{ {} }}}}".format, EXPRESSIONS),
    st.builds("{{% if {} %}}a{{% else %}}{{{{ {} }}}}{{% endif %}}".format, EXPRESSIONS, EXPRESSIONS),
)


@given(MESSAGES, st.text(), st.text())
def test_what_is_accepted_never_fails_to_render_and_stays_short(source: str, name: str, other: str) -> None:
    values = {**VALUES, "name": name, "if_then": other, "contact": Contact(other, name)}
    text = compile_source(source, MESSAGE).render(values)
    assert len(text) <= len(source) * (4 + 3 * max(len(name), len(other), 8))  # "ß" becomes "SS"


FRAGMENTS = [
    "{{",
    "}}",
    "{%",
    "%}",
    "if",
    "endif",
    "for",
    "in",
    "name",
    "contact",
    ".",
    "|",
    "(",
    ")",
    "[",
    "]",
]


@given(
    st.lists(st.sampled_from([*FRAGMENTS, "range", "'", "x", "1", "*", "not", "set", "=", "{#"]), max_size=25)
)
def test_any_source_is_either_a_message_or_refused(fragments: list[str]) -> None:
    source = " ".join(fragments)
    try:
        text = compile_source(source, MESSAGE).render(VALUES)
    except Refused:
        return
    assert len(text) <= len(source)  # no name here is longer than its placeholder


@given(st.text(st.characters(exclude_characters="{", exclude_categories=()), max_size=80))
def test_a_text_without_marks_is_read_as_jinja_reads_it(source: str) -> None:
    read = compile_source(source, MESSAGE)

    assert (read.uses, read.may_be_blank) == (frozenset(), may_be_blank(_ENVIRONMENT.parse(source)))
