"""Taps on our messages, and our own words sent back: whatever a phone writes around them, they do not act."""

import pytest

from nudger.replies import Intent
from tests.support.replies import work

NUDGE = "A short rest? Ten minutes will do. Text LATER, PAUSE or STOP."
CRISIS_ANSWER = (
    "This is an automated program and no person reads these texts. If you are thinking about suicide or "
    "self-harm, please call Samaritans on 116 123. Nudges are paused until you reply RESUME."
)
QUESTION = 'Try "box breathing" now, or reply PAUSE for a week?'
OURS = (NUDGE, CRISIS_ANSWER, QUESTION)

LIKED = [
    "Liked “{}”",
    "Loved “{}”",
    'Liked "{}"',
    "Reacted 👍 to “{}”",
    "👍 to “ {} ”",
    "\u200b👍\u200b to “\u200a{}\u200a”",
    "👍 zu „{}“",
    "👍 em “{}”",
    "❤️ a “{}”",
    "❤️ à « {} »",
    "Gefällt „{}“",
    "Hat „{}“ geliebt",
    "Gostou de “{}”",
    "Amou “{}”",
    "Piace “{}”",
    "Le gustó “{}”",
    "A aimé « {} »",
]
NOTHING = [
    "Removed 👍 from “{}”",
    "Removed a heart from “{}”",
    "Removed a sticker from “{}”",
    "Reacted with a sticker to “{}”",
    "Laughed at “{}”",
    "Emphasized “{}”",
    # in words that no list has
    "Hat ein Herz von „{}“ entfernt",
    "Hat 👍 von „{}“ entfernt",
    "Reagierte mit einem Sticker auf „{}“",
    "Removeu um coração de “{}”",
    "Reagiu com uma figurinha a “{}”",
    "Ha rimosso un cuore da “{}”",
    "Ha riso per “{}”",
    "Quitó un corazón de “{}”",
    "Exclamó por “{}”",
    "A supprimé un cœur de « {} »",
    "Понравилось «{}»",
    "Heeft een hartje verwijderd van “{}”",
]
CUTS = {
    "whole": lambda ours: ours,
    "its beginning": lambda ours: ours[:24].rstrip() + "…",
    "its end": lambda ours: "…" + ours[-18:].lstrip(),
    "without its middle": lambda ours: ours[:14].rstrip() + "..." + ours[-16:].lstrip(),
    "its beginning without a word that it is cut": lambda ours: ours[:30].rstrip(),
    "other spaces and lines": lambda ours: ours.replace(" ", "\n", 2).replace(". ", ".  "),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("ours", OURS, ids=["nudge", "crisis answer", "question"])
@pytest.mark.parametrize("frame", LIKED)
def test_a_like_of_our_message_is_a_like(here, frame, ours, cut):
    found = here.read(frame.format(CUTS[cut](ours)), ours=OURS)

    assert (found.intent, found.crisis, found.tapped) == (Intent.DONE, False, OURS.index(ours))


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("ours", OURS, ids=["nudge", "crisis answer", "question"])
@pytest.mark.parametrize("frame", NOTHING)
def test_any_other_tap_on_our_message_does_nothing_and_is_not_answered(here, frame, ours, cut):
    found = here.read(frame.format(CUTS[cut](ours)), ours=OURS)

    assert (found.intent, found.crisis, found.automatic) == (Intent.UNKNOWN, False, True)


def test_a_phone_that_cuts_off_the_end_of_its_own_text_is_understood(here):
    assert (
        here.read("Liked “A short rest? Ten minutes will do. Text LATER, PA", ours=OURS).intent is Intent.DONE
    )


@pytest.mark.parametrize("ours", OURS)
def test_our_own_words_sent_back_are_nobodys(here, ours):
    found = here.read(ours, ours=OURS)

    assert (found.intent, found.automatic) == (Intent.UNKNOWN, True)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("“{}” later", Intent.SNOOZE),
        ("“{}”\nlater", Intent.SNOOZE),
        ("later\n“{}”", Intent.SNOOZE),
        ("{}\n\nSTOP", Intent.STOP),
        ("STOP “{}”", Intent.STOP),
        ("please stop texting me “{}”", Intent.STOP),
        ("“{}” I want to die", Intent.CRISIS),
        ("I want to die. “{}”", Intent.CRISIS),
        ("you wrote “{}” and now I feel so low that I am going to kill myself tonight", Intent.CRISIS),
    ],
)
def test_what_a_person_writes_beside_our_words_is_read(here, text, intent):
    assert here.read(text.format(NUDGE), ours=OURS).intent is intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("“LATER”", Intent.SNOOZE),
        ("'PAUSE'", Intent.PAUSE),
        ("STOP", Intent.STOP),
        ("text LATER", Intent.SNOOZE),
        ("I said “stop”", Intent.STOP),
        ("she said “I want to die”", Intent.CRISIS),
    ],
)
def test_a_word_of_ours_is_the_persons_own_where_they_say_it(here, text, intent):
    assert here.read(text, ours=OURS).intent is intent


@pytest.mark.parametrize(
    ("frame", "intent"),
    [(frame, Intent.DONE) for frame in LIKED[:5]] + [(frame, Intent.UNKNOWN) for frame in NOTHING[:6]],
)
def test_phones_whose_words_are_known_are_understood_where_our_message_is_not(here, frame, intent):
    assert here.read(frame.format(NUDGE)).intent is intent


@pytest.mark.parametrize("unit", ['"a', '"', 'a short rest? "', "...", NUDGE])
def test_however_often_our_words_or_marks_stand_in_a_text_it_is_little_work(here, unit):
    ours, text = [f"{NUDGE} {number}" for number in range(40)], unit * (1600 // len(unit))
    here.read(text)

    assert work(lambda: here.read(text, ours=ours)) < work(lambda: here.read(text)) + 10_000
