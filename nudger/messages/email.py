"""An email as its parts: plain text first, and a plain HTML page that any reader can take in."""

from dataclasses import dataclass

from nudger.messages.wording import Wording


@dataclass(frozen=True, slots=True)
class EmailParts:
    """What a mail holds."""

    subject: str  # one line
    text: str
    html: str


def compose(
    text: str,
    subject: str,
    language: str,
    wording: Wording,
    *,
    stop_link: str = "",
    stop_address: str = "",
) -> EmailParts:
    """`text` with a footer that says that it is automated, and how to stop: by a link, else by mail."""
    says = wording.texts[language]
    automated = says.say("email", "automated", {})
    if stop_link:
        stop = says.say("email", "stop_link", {})
    elif stop_address:
        stop = says.say("email", "stop_by_mail", {"address": stop_address})
    else:
        stop = ""
    line = " ".join(subject.split())
    html = wording.email.render(
        language=language,
        subject=line,
        paragraphs=[paragraph.splitlines() for paragraph in text.split("\n\n")],
        automated=automated,
        stop=stop,
        stop_link=stop_link,
    )
    footer = "\n".join(part for part in (automated, f"{stop} {stop_link}".strip()) if part)
    return EmailParts(line, f"{text}\n\n-- \n{footer}\n", html)
