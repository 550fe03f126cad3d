"""What `nudger doctor` looks at on the ways out and in: the channels, the operator's alerts, the webhook.

The webhook's address is asked from outside as Twilio would: is it nudger, and does the signature hold?
Three requests, none of which changes anything: the health page, a text without a signature, and a signed
text from a number that nobody can have. Faults of a channel come as the channel's own ChannelError.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp

from nudger.cli.doctor.findings import Finding, failure, many, note, ok, warning


def twilio_answers(doubts: Sequence[str]) -> Finding:
    """Tells what Twilio says. `doubts`: what keeps nothing from going out and should not stay as it is."""
    if doubts:
        return warning("the account and its sender are there, with a doubt", "\n".join(doubts))
    return ok("the account is active, and the sender is its own")


RCS_OFF = "RCS chats must be off on that phone: what comes as one, a STOP too, never shows"


def smsgate_answers(doubts: Sequence[str]) -> Finding:
    """`doubts`: what keeps nothing from going out and should not stay as it is."""
    if doubts:
        return warning("the phone answers, with a doubt", "\n".join((*doubts, f"{RCS_OFF}.")))
    return ok(f"the phone answers, and its app is new enough. {RCS_OFF}")


def smtp_answers(where: str) -> Finding:
    return ok(f"{where} takes the login")


def on_screen(what: str, setting: str) -> Finding:
    """Tells that nothing is sent, so that there is nobody to ask."""
    return note(f"{what} shown on the phone page, none is sent ({setting}=phone)")


def sender_is_named(named: bool, sends: bool) -> Finding:
    """Tells whether people who ask who writes to them learn it. `sends`: something really goes out."""
    if named:
        return ok("who asks who this is learns your name, and how to reach you")
    advice = "Set NUDGER_SENDER_NAME and NUDGER_SENDER_CONTACT: a stranger's texts look like a fraud."
    if not sends:
        return note("who asks who this is learns no name: nothing is really sent yet", advice)
    return warning("who asks who this is learns no name, or no way to reach you", advice)


def operator_is_told(told: bool, pinged: bool) -> Finding:
    if not told:
        advice = "Set NUDGER_ALERTS to your address, and NUDGER_PING_URL to a watchman's (docs/operating.md)."
        return note("nobody is told when something is wrong", advice)
    if not pinged:
        advice = "A dead machine tells nobody: set NUDGER_PING_URL, and another one misses it."
        return note("faults are told; that this machine is gone, nobody is", advice)
    return ok("faults are told, and each minute that nudger lives. Try it: nudger doctor --send-test-alert")


def test_was_told(addresses: int) -> Finding:
    return ok(f"{many(addresses, 'address')} took the test".replace("addresss", "addresses"))


CHANNEL = 5  # the exit code
LIMIT = timedelta(seconds=10)  # for each request; Twilio itself waits 15 s
LARGEST = 2000  # bytes of an answer that are read
NOBODY = "+999000000000"  # no country has the code 999, so no plan can have this number
REFUSAL = "Twilio's signature"  # in nudger's own 403, and in no proxy's
TWIML = "<Response"

# (address, form) -> X-Twilio-Signature, with the auth token of the settings
Sign = Callable[[str, Mapping[str, str]], str]


# What usually causes another answer to an unsigned text than nudger's refusal.
REDIRECT = 300
NOT_BEHIND = (
    "The proxy is there, and no nudger behind it: start nudger, and compare the proxy's target with "
    "NUDGER_WEB_HOST and NUDGER_WEB_PORT."
)
KEPT_OUT = "Something before nudger refuses. Let /twilio/ through, without a password, from everywhere."
CAUSES = {
    REDIRECT: (
        "Twilio's form is lost on the way there. Set NUDGER_PUBLIC_URL, and the webhook at Twilio, to the "
        "address it leads to: https, the host and the path to the letter."
    ),
    401: KEPT_OUT,
    403: KEPT_OUT,
    404: (
        "The proxy does not hand /twilio/ on to nudger, or hands on another path: a base path in "
        "NUDGER_PUBLIC_URL has to be taken off, all after it must arrive as it is."
    ),
    502: NOT_BEHIND,
    503: NOT_BEHIND,
    504: NOT_BEHIND,
}
HEALTHY_404 = (
    "nudger is reached and has no webhook: it runs with other settings than these (restart it), or the "
    "proxy hands on another path."
)
STRANGER = "Another program answers at this address. Compare NUDGER_PUBLIC_URL and the proxy's rules."


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    status: int
    body: str
    leads_to: str  # of a redirect


async def webhook_is_right(public_url: str, sign: Sign, limit: timedelta = LIMIT) -> Finding:
    """Says which of the three requests went wrong, and what usually causes it."""
    inbound, form = f"{public_url}/twilio/inbound", _form()
    timeout = aiohttp.ClientTimeout(total=limit.total_seconds())
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            healthy = _is_healthy(await _ask(session, "GET", f"{public_url}/healthz"))
            unsigned = await _ask(session, "POST", inbound, form)
            if not _is_refusal(unsigned):
                return _unsigned(unsigned, inbound, healthy)
            signed = await _ask(session, "POST", inbound, form, sign(inbound, form))
        except (aiohttp.ClientError, OSError) as fault:
            sentence, advice = _unreached(fault, limit)
            return failure(f"{public_url}: {sentence}", advice, CHANNEL)
    if signed.status == 200 and TWIML in signed.body:
        health = "" if healthy else " (/healthz is not let through; nothing needs it)"
        return ok(f"{public_url} refuses what is unsigned and takes what is signed{health}")
    return _signed(signed, inbound)


SignEvent = Callable[[bytes, str], str]  # (body, X-Timestamp) -> X-Signature
NOTHING = b'{"event": "nudger:doctor", "payload": {}}'  # an event that is nothing to nudger
UNSIGNED = "SMSGate's signature"  # in nudger's own 401 and 403, and in no proxy's


async def smsgate_webhook_is_right(
    public_url: str, sign: SignEvent, now: datetime, limit: timedelta = LIMIT
) -> Finding:
    """Asks twice, without a signature and with one: is it nudger, and does the key hold? Changes nothing."""
    inbound, stamp = f"{public_url}/smsgate/inbound", str(int(now.timestamp()))
    timeout = aiohttp.ClientTimeout(total=limit.total_seconds())
    async with aiohttp.ClientSession(timeout=timeout) as session:
        try:
            unsigned = await _post_event(session, inbound, {})
            if unsigned.status != 401 or UNSIGNED not in unsigned.body:
                return _no_webhook(unsigned, inbound)
            proof = {"X-Timestamp": stamp, "X-Signature": sign(NOTHING, stamp)}
            signed = await _post_event(session, inbound, proof)
        except (aiohttp.ClientError, OSError) as fault:
            sentence, advice = _unreached(fault, limit)
            return failure(f"{public_url}: {sentence}", advice, CHANNEL)
    if signed.status == 204:
        return ok(f"{public_url} refuses what is unsigned and takes what is signed")
    advice = "The nudger that runs has another NUDGER_SMSGATE_SIGNING_KEY than these settings: restart it."
    return failure(f"a rightly signed event to {inbound}: expected 204, got {signed.status}", advice, CHANNEL)


async def _post_event(session: aiohttp.ClientSession, url: str, headers: Mapping[str, str]) -> HttpAnswer:
    async with session.post(url, data=NOTHING, headers=headers, allow_redirects=False) as answer:
        body = (await answer.content.read(LARGEST)).decode("utf-8", "replace")
        return HttpAnswer(answer.status, body, answer.headers.get("Location", "")[:200])


def _no_webhook(answer: HttpAnswer, inbound: str) -> Finding:
    sentence = f"an unsigned event to {inbound}: expected nudger's 401, got {answer.status}"
    status = REDIRECT if 300 <= answer.status < 400 else answer.status
    advice = CAUSES.get(status, STRANGER).replace("/twilio/", "/smsgate/")
    return failure(sentence, advice.replace("Twilio's form is lost", "The event is lost"), CHANNEL)


def _form() -> dict[str, str]:
    """A text as Twilio posts it, blank fields too."""
    sid = f"SM{uuid4().hex}"
    about = {"MessageSid": sid, "SmsSid": sid, "SmsStatus": "received", "NumMedia": "0", "FromCity": ""}
    return {**about, "From": NOBODY, "To": NOBODY, "Body": "nudger doctor"}


async def _ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    form: Mapping[str, str] | None = None,
    signature: str | None = None,
) -> HttpAnswer:
    async with session.request(
        method,
        url,
        data=urlencode(form).encode() if form else None,
        headers={
            **({"Content-Type": "application/x-www-form-urlencoded"} if form else {}),
            **({"X-Twilio-Signature": signature} if signature else {}),
        },
        allow_redirects=False,  # a redirected POST becomes a GET
    ) as answer:
        body = (await answer.content.read(LARGEST)).decode("utf-8", "replace")
        return HttpAnswer(answer.status, body, answer.headers.get("Location", "")[:200])


def _is_healthy(answer: HttpAnswer) -> bool:
    return answer.status == 200 and answer.body.strip() == "ok"


def _is_refusal(answer: HttpAnswer) -> bool:
    return answer.status == 403 and REFUSAL in answer.body


def _unsigned(answer: HttpAnswer, inbound: str, healthy: bool) -> Finding:
    """The address is not nudger's webhook."""
    leads = f", which leads to {answer.leads_to}" if answer.leads_to else ""
    sentence = f"an unsigned text to {inbound}: expected nudger's 403, got {answer.status}{leads}"
    status = REDIRECT if 300 <= answer.status < 400 else answer.status
    advice = HEALTHY_404 if status == 404 and healthy else CAUSES.get(status, STRANGER)
    return failure(sentence, advice, CHANNEL)


def _signed(answer: HttpAnswer, inbound: str) -> Finding:
    """It is nudger's webhook, and it does not take what Twilio would send."""
    sentence = f"a rightly signed text to {inbound}: expected 200, got {answer.status}"
    if answer.status == 403:
        advice = (
            "The nudger that runs has another NUDGER_TWILIO_AUTH_TOKEN or NUDGER_PUBLIC_URL than these "
            "settings (restart it), or the proxy changes the path or the form on the way."
        )
    else:
        advice = "nudger could not take it. Its log says why: journalctl -u nudger"
    return failure(sentence, advice, CHANNEL)


def _unreached(fault: Exception, limit: timedelta) -> tuple[str, str]:
    match fault:
        case aiohttp.ClientConnectorDNSError():
            return "its name is not known", "Check the spelling of NUDGER_PUBLIC_URL and the DNS entry."
        case aiohttp.ClientConnectorCertificateError():
            advice = "Twilio refuses it too. Renew the certificate, and serve it with its whole chain."
            return "its certificate is not valid", advice
        case aiohttp.ClientSSLError():
            advice = "Does TLS end at the proxy, and is this its https port? Compare NUDGER_PUBLIC_URL."
            return "no TLS could be agreed on", advice
        case aiohttp.ClientConnectorError():
            advice = "Does the proxy (or nudger) run, and does a firewall let the port through?"
            return "nothing listens there, or nothing lets us through", advice
        case TimeoutError():
            advice = "A firewall may swallow the requests, or the proxy waits for a nudger that does not run."
            return f"no answer within {limit.total_seconds():g} s", advice
        case _:
            return f"the connection broke ({type(fault).__name__})", "The proxy's log may say why."
