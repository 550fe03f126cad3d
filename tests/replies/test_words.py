"""The word lists: what the phrases in them mean, and what is said of a faulty one."""

import pytest

from nudger.replies import Intent, Words, WordsError
from nudger.replies.language.phrases import Phrases
from nudger.replies.language.wordlists import PhraseCompiler

CLASSES = [("want", ("want", "would like")), ("wish", ("<want>", "wish"))]


def compiled(lists, classes=()):
    compiler = PhraseCompiler()
    compiler.add(lists, compiler.classes(classes))
    return Phrases(compiler.index())


def found(phrase, text):
    return compiled({"list": [phrase]}, CLASSES).look(text.split()).found("list")


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("go away", "please go away now", True),
        ("go away", "go far away", False),
        ("(want|need to) go", "i want go", True),
        ("(want|need to) go", "i need to go", True),
        ("(want|need to) go", "i need go", False),
        ("go|leave me", "leave me", True),
        ("go|leave me", "leave", False),
        ("<wish> it", "i would like it", True),
        ("<wish> it", "i wish it", True),
        ("really? go", "go", True),
        ("go (right now)? please", "go please", True),
        ("go (right now)? please", "go right now please", True),
        ("go * now", "go one two three now", True),
        ("go * now", "go one two three four now", False),
        ("go *1 now", "go now", True),
        ("<n> kms", "5 kms", True),
        ("<n> kms", "five kms", False),
        ("stop ~ing", "stop thinking", True),
        ("stop ~ing", "stop thoughts", False),
        ("^ stop", "stop it", True),
        ("^ stop", "i stop", False),
        ("stop $", "please stop", True),
        ("stop $", "stop it", False),
        ("stop (it|$)", "please stop", True),
        ("stop (it|$)", "stop it please", True),
        ("stop (it|$)", "stop that", False),
        ("a (b (c|d)|e) f", "a b d f", True),
        ("a (b (c|d)|e) f", "a e f", True),
        ("a (b (c|d)|e) f", "a b f", False),
        ("can't go", "cant go", True),
        ("opt-out", "opt out", True),
    ],
)
def test_the_phrases_of_the_lists_mean_what_is_written_above_them(phrase, text, expected):
    assert found(phrase, text) is expected


@pytest.mark.parametrize("phrase", ["", "* go", "really? * go", "(go", "go)", "<none> go", "go (a|b)c", "!"])
def test_a_phrase_that_cannot_be_read_is_named(phrase):
    with pytest.raises(WordsError, match=r"phrase|brackets"):
        compiled({"list": [phrase]}, CLASSES)


def test_a_phrase_is_all_of_a_text_or_only_in_it():
    looked = compiled({"list": ["go away", "^ away"]}, CLASSES).look(["please", "go", "away"])

    assert (looked.found("list"), looked.whole(["list"])) == (True, None)
    assert looked.over(["go", "away"]).whole(["list"]) == "list"


def test_masked_words_are_out_of_the_way_of_gaps_too():
    phrases = compiled({"idiom": ["to die for"], "phrase": ["want * die", "want *9 it"]}, CLASSES)

    looked = phrases.look(["i", "want", "cake", "to", "die", "for", "and", "it"])

    assert looked.found("phrase")
    assert not looked.masked("idiom").found("phrase")


def test_english_must_be_there():
    with pytest.raises(WordsError, match="there is no list for 'en'"):
        Words.parse({"es": {}})


def test_a_list_that_is_no_toml_is_named():
    with pytest.raises(WordsError, match=r"words of 'en': danger.toml: .*at end of document"):
        Words.parse({"en": {"danger.toml": "[["}})


def test_an_unknown_key_is_named_with_the_way_to_it():
    with pytest.raises(WordsError, match="words of 'en': crisis: unknown key 'phrases'"):
        Words.parse({"en": {"danger.toml": "[crisis]\nphrases = ''"}})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("crisis = 1", "words of 'en': crisis: expected a table, got 1"),
        ("[mail]\nwrote = 1", "words of 'en': mail: wrote: expected a list of texts, got 1"),
        ("[crisis]\nharmless = 1", "words of 'en': crisis: harmless: expected a text, got 1"),
        (
            "[time]\nclock_from_hour = '6'",
            "words of 'en': time: clock_from_hour: expected a whole number, got '6'",
        ),
    ],
)
def test_a_value_of_the_wrong_form_is_named(source, message):
    with pytest.raises(WordsError) as caught:
        Words.parse({"en": {"all.toml": source}})

    assert str(caught.value) == message


def test_a_language_without_a_list_is_read_as_english(here):
    assert here.__class__(here.words, language="de").read("tomorrow at 9").intent is Intent.SNOOZE


def test_a_regional_language_is_read_as_its_language(here):
    assert here.__class__(here.words, language="fr-CA").read("plus tard").intent is Intent.SNOOZE
