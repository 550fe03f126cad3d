"""What phones and mail programs add to a reply: quotes, signatures, reactions, odd characters."""

import pytest

from nudger.replies import Intent

OURS = "If you like, rest for ten minutes. Text LATER, SKIP or STOP."
CRISIS_ANSWER = "If you are thinking about suicide or self-harm, please call or text 988 any time."


@pytest.mark.parametrize(
    "frame",
    [
        "{}\n\n> On Mon, Nov 23, 2026 at 9:30 AM nudger wrote:\n> " + OURS,
        "{}\n\nOn Mon, Nov 23, 2026 at 9:30 AM nudger <n@example.org> wrote:\n\n> " + OURS,
        "{}\n\nOn Mon, Nov 23, 2026 at 9:30 AM nudger <n@example.org>\nwrote:\n" + OURS,
        "{} On Mon, Nov 23, 2026 at 9:30 AM nudger wrote:\n> " + OURS,
        "{}\r\n\r\nLe lun. 23 nov. 2026 à 09:30, nudger a écrit :\r\n> " + OURS,
        "{}\n\nEl lun, 23 nov 2026 a las 9:30, nudger escribió:\n> " + OURS,
        "{}\n\n-----Original Message-----\nFrom: nudger\nTo: me\n" + OURS,
        "{}\n\n________________________________\nFrom: nudger\nSent: Monday\n" + OURS,
        "{}\n\nFrom: nudger <n@example.org>\nSent: Monday, November 23, 2026\nTo: me\nSubject: Rest\n\n"
        + OURS,
        "{}\n\nDe : nudger\nEnvoyé : lundi 23 novembre\nÀ : moi\n\n" + OURS,
        "> " + OURS + "\n\n{}",
        "{}\n\nSent from my iPhone",
        "{}\nGet Outlook for Android",
        "{}\n\nEnvoyé de mon iPhone",
        "{}\nEnviado desde mi Samsung Galaxy",
        "{}\n--\nMaya Doe\nEnd of Line Ltd. Stop by any time",
        "\ufeff{}\u200b",
        "“{}”",
    ],
)
@pytest.mark.parametrize(
    ("text", "intent"),
    [("LATER", "snooze"), ("done!", "done"), ("STOP", "stop"), ("I want to die", "crisis")],
)
def test_only_a_persons_own_words_count(text, intent, frame, here):
    assert here.read(frame.format(text)).intent == intent


def test_our_own_crisis_text_quoted_below_a_resume_is_no_crisis(here):
    found = here.read(f"RESUME\n\nOn Mon, Nov 23, 2026 at 9:30 AM nudger wrote:\n> {CRISIS_ANSWER}")

    assert (found.intent, found.crisis) == (Intent.RESUME, False)


def test_a_quote_alone_commands_nothing(here):
    assert here.read(f"> {OURS}").intent is Intent.UNKNOWN


def test_a_crisis_is_not_missed_because_it_is_quoted(here):
    assert here.read("> I want to die").crisis


def test_what_stands_below_a_marked_quote_counts(here):
    assert here.read(f"On Mon, Nov 23, 2026 nudger wrote:\n> {OURS}\n\ndone, thanks").intent is Intent.DONE


def test_a_sentence_that_only_ends_like_a_quote_is_read(here):
    assert here.read("I can't, my boss wrote:\nlater").intent is Intent.SNOOZE


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Liked “{}”", "done"),
        ("Loved “{}”", "done"),
        ("Disliked “{}”", "skip"),
        ("Laughed at “{}”", "unknown"),
        ("Reacted 👍 to “{}”", "done"),
        ("\u200b👎\u200b to “\u200a{}\u200a”", "skip"),
        ("Le gustó “{}”", "done"),
        ("A aimé « {} »", "done"),
        ("I said “stop”", "stop"),
    ],
)
def test_a_tap_on_our_message_is_not_read_as_our_words(text, intent, here):
    assert here.read(text.format(OURS + " " + CRISIS_ANSWER)).intent == intent


@pytest.mark.parametrize(
    "text",
    [
        "Later",
        "LATER",
        "later.",
        "later!!!",
        "“later”",
        "ｌａｔｅｒ",
        "𝗟𝗔𝗧𝗘𝗥",
        "l\u00e1ter",
        "la\u200bter",
        "\x00later\x07",
        "  later\n",
        "later\u00a0",
        "later 😅",
        "(later)",
        "#later",
        "*later*",
        "l a t e r",
    ],
)
def test_case_punctuation_emoji_and_odd_characters_do_not_matter(text, here):
    assert here.read(text).intent is Intent.SNOOZE


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "\x00", "\ud800", "\u200b", "...", "@", "'", "-", "—", "🤷", "\ufdfa" * 2000]
)
def test_a_text_without_words_is_not_understood_and_does_no_harm(text, here):
    assert here.read(text).intent is Intent.UNKNOWN


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("👍", "done"),
        ("👍🏿", "done"),
        ("❤️", "done"),
        ("👎", "skip"),
        ("🛑", "stop"),
        ("👍🛑", "stop"),
        ("⏰", "snooze"),
        ("⏸️", "pause"),
        ("❓", "help"),
        ("?", "help"),
    ],
)
def test_emoji_alone_have_a_meaning(text, intent, here):
    assert here.read(text).intent == intent


def test_words_outweigh_emoji(here):
    assert here.read("👍 later").intent is Intent.SNOOZE


def test_only_the_first_1600_characters_are_looked_at(here):
    assert here.read("z" * 1600 + " stop").intent is Intent.UNKNOWN
    assert here.read("ok, " * 300 + "I want to die").crisis
