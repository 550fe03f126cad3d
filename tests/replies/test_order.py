"""The order of DESIGN, "Replies": a bare opt-out keyword, crisis, an opt-out phrase, commands, the fallback.

A test for each pair of them.
"""

import pytest

from nudger.replies import Intent, Understood, as_today


def test_a_keyword_beside_a_crisis_opts_out_and_the_crisis_is_not_lost(here):
    found = here.read("STOP, I want to die")

    assert (found.intent, found.crisis) == (Intent.STOP, True)


def test_stop_all_beside_a_crisis_is_meant_for_every_channel(here):
    found = here.read("STOP ALL. I want to die")

    assert (found.intent, found.crisis, found.everywhere) == (Intent.STOP, True, True)


@pytest.mark.parametrize("text", ["END", "end.", "Quit", "STOP"])
def test_a_bare_keyword_is_no_crisis(text, here):
    found = here.read(text)

    assert (found.intent, found.crisis) == (Intent.STOP, False)


@pytest.mark.parametrize(
    "text", ["I want to end it", "end it all", "I can't stop wanting to die", "I quit life, I want to die"]
)
def test_a_crisis_with_a_keyword_in_it_opts_nobody_out(text, here):
    assert here.read(text).intent in {Intent.CRISIS, Intent.CONCERN}


def test_a_bare_keyword_goes_before_a_phrase_and_both_opt_out(here):
    assert here.read("STOP").intent is here.read("please stop texting me").intent is Intent.STOP


@pytest.mark.parametrize(
    "text", ["cancel", "remove", "end", "quit", "STOP. later", "stop, snooze 2h", "later. STOP"]
)
def test_a_keyword_goes_before_a_command(text, here):
    assert here.read(text).intent is Intent.STOP


def test_a_keyword_goes_before_the_fallback(here):
    assert here.read("this is too much for me. STOP").intent is Intent.STOP


def test_a_crisis_goes_before_a_phrase_that_only_may_opt_out(here):
    found = here.read("leave me alone, I want to die")

    assert (found.intent, found.crisis) == (Intent.CRISIS, True)


def test_a_phrase_without_doubt_opts_out_beside_a_crisis_too(here):
    found = here.read("please stop texting me, I want to die")

    assert (found.intent, found.crisis) == (Intent.STOP, True)


@pytest.mark.parametrize(
    "text",
    [
        "later, I want to kill myself",
        "Done. Done with life.",
        "resume, I want to die",
        "tomorrow I will end my life",
        "help, I took all my pills",
    ],
)
def test_a_crisis_goes_before_a_command(text, here):
    found = here.read(text)

    assert (found.intent, found.until, found.crisis) == (Intent.CRISIS, None, True)


def test_a_crisis_goes_before_the_fallback(here):
    assert here.read("it rains, my dog is sick and I want to die").intent is Intent.CRISIS


@pytest.mark.parametrize(
    "text",
    [
        "stop texting me tomorrow",
        "done, and don't text me again",
        "no more texts, I will do it later",
    ],
)
def test_a_phrase_goes_before_a_command(text, here):
    assert here.read(text).intent is Intent.STOP


def test_a_phrase_goes_before_the_fallback(here):
    assert here.read("honestly my week is awful, take me off this list").intent is Intent.STOP


def test_a_command_goes_before_the_fallback(here):
    assert here.read("the baby is asleep at last. later").intent is Intent.SNOOZE


@pytest.mark.parametrize("text", ["no more texts until monday", "don't text me today", "enough for today"])
def test_what_is_asked_for_a_while_is_a_pause_and_no_opt_out(text, here):
    assert here.read(text).intent is Intent.PAUSE


@pytest.mark.parametrize(
    "word",
    [
        "STOP",
        "UNSUBSCRIBE",
        "CANCEL",
        "END",
        "QUIT",
        "REVOKE",
        "OPTOUT",
        "OPT-OUT",
        "REMOVE",
        "STOPALL",
        "ARRET",
    ],
)
@pytest.mark.parametrize("language", ["en", "es", "fr", "de", "en-GB"])
def test_the_international_keywords_opt_out_in_every_language(word, language, here):
    assert here.__class__(here.words, language=language).read(word).intent is Intent.STOP


@pytest.mark.parametrize(
    "word", ["stop", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "remove"]
)
@pytest.mark.parametrize(
    "around", ["{} 2h", "{} until 6", "{} tomorrow", "later {}", "{} snooze", "please {} for now", "ok {}"]
)
def test_no_word_of_opting_out_is_ever_a_snooze(word, around, here):
    assert here.read(around.format(word)).intent in {Intent.STOP, Intent.UNKNOWN, Intent.PAUSE, Intent.UNDO}


@pytest.mark.parametrize(
    ("text", "until"), [("stop until friday", "2026-11-27 09:00"), ("stop for today", "2026-11-24 09:00")]
)
def test_stop_with_an_end_is_a_pause(text, until, here):
    found = here.read(text)

    assert (found.intent, here.shown(found.until)) == (Intent.PAUSE, until)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("START", "start"),
        ("YES", "start"),
        ("UNSTOP", "start"),
        ("HELP", "help"),
        ("INFO", "help"),
        ("LATER", "snooze"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es", "fr", "xx"])
def test_the_other_international_words_are_understood_in_every_language(text, intent, language, here):
    assert here.__class__(here.words, language=language).read(text).intent == intent


@pytest.mark.parametrize(
    "text",
    [
        "pause it all, there are pills in front of me",
        "later, the knife is out",
        "done. still bleeding",
        "skip, he has locked me in",
        "resume. the attempt failed",
        "less please, he hits me when it beeps",
        "tomorrow at 10 if i have not jumped off",
        "help he has a gun",
    ],
)
def test_no_command_is_obeyed_beside_a_word_of_means_death_attempt_or_being_hurt(text, here):
    assert here.read(text).intent in {Intent.CRISIS, Intent.CONCERN}


def test_stop_beside_such_a_word_stops_and_is_a_concern_too(here):
    found = here.read("STOP. the pills are here")

    assert (found.intent, found.crisis or found.concern) == (Intent.STOP, True)


def test_a_figure_of_speech_keeps_no_command_from_being_obeyed(here):
    assert here.read("later, this meeting is killing me").intent is Intent.SNOOZE


@pytest.mark.parametrize("intent", sorted(set(Intent) - {Intent.CONCERN}))
def test_what_delivery_does_not_act_on_yet_is_what_it_was(intent):
    acted_on = {"stop", "start", "crisis", "snooze", "done", "skip", "pause", "resume", "now", "plan"}
    acted_on |= {"link", "less", "more", "tiny", "untell", "help", "unknown"}
    acted_on |= {"away", "today", "undo", "met", "who", "hours", "answer", "said"}

    assert as_today(Understood(intent)).intent in acted_on
