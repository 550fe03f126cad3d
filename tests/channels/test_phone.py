"""The on-screen phone."""

from nudger.channels.phone import PhoneChannel
from nudger.delivery.sends import Receipt
from tests.support.rigs import TEXT


async def test_the_phone_takes_every_message_under_the_messages_own_id() -> None:
    receipt = await PhoneChannel().send(TEXT)

    assert receipt == Receipt("phone-0192b4c0de")
