"""The on-screen phone."""

from nudger.agenda.entries import Receipt
from nudger.channels.phone import PhoneChannel
from tests.support.rigs import TEXT


async def test_the_phone_takes_every_message_under_the_messages_own_id() -> None:
    receipt = await PhoneChannel().send(TEXT)

    assert receipt == Receipt("phone-0192b4c0de")
