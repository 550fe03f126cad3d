"""What is left to say of a channel that was asked: faults come as the channel's own ChannelError."""

from collections.abc import Sequence

from nudger.doctor.finding import Finding, note, ok, warning


def twilio_answers(doubts: Sequence[str]) -> Finding:
    """`doubts`: what keeps nothing from going out and should not stay as it is."""
    if doubts:
        return warning("the account and its sender are there, with a doubt", "\n".join(doubts))
    return ok("the account is active, and the sender is its own")


def smtp_answers(where: str) -> Finding:
    return ok(f"{where} takes the login")


def on_screen(what: str, setting: str) -> Finding:
    """Nothing is sent, so there is nobody to ask."""
    return note(f"{what} shown on the phone page, none is sent ({setting}=phone)")
