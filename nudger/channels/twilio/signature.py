"""Whether a webhook comes from Twilio: its signature over the address that Twilio was given."""

from collections.abc import Iterable, Mapping

from twilio.request_validator import RequestValidator


def signed(
    auth_token: str,
    public_url: str,
    raw_path: bytes | str,
    query: bytes | str,
    params: Iterable[tuple[str, str]],
    signature: str | None,
) -> bool:
    """Tells whether `signature` (the header X-Twilio-Signature) is Twilio's for this very request.

    `public_url` is the setting PUBLIC_URL, with a base path where there is one: what a proxy or a
    header claims the address to be counts for nothing. `raw_path` and `query` are the bytes as they
    came (ASGI's `raw_path` and `query_string`), never decoded; `params` are all (name, value) pairs
    of the form, repeated names and blank values too. The token is the account's auth token: Twilio
    never signs with an API key. Never raises.
    https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    if not auth_token or not signature:
        return False  # an empty token would make a signature that anybody can compute
    try:
        url = public_url.rstrip("/") + _text(raw_path)
        if query:
            url += "?" + _text(query)
        return bool(RequestValidator(auth_token).validate(url, _SignedForm(params), signature))
    except Exception:
        # The validator raises on ports, types and characters that it does not expect. A request that
        # cannot be checked is not Twilio's, and a stranger must not be able to cause a 500.
        return False


def sign(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """Returns what Twilio would sign this form with, posted to this address."""
    return str(RequestValidator(auth_token).compute_signature(url, dict(form)))


class _SignedForm(dict[str, list[str]]):
    """A form as the validator reads it: by `getall`, every value of a name."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        return self[name]


def _text(part: bytes | str) -> str:
    return part.decode("ascii") if isinstance(part, bytes) else part
