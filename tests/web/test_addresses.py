"""Whose request it is: the address that limits are counted by."""

from collections.abc import Sequence

import pytest

from nudger.web.security.connections import forwarded_client, household

PROXY = "10.0.0.1"


def asked(*lines: str) -> str:
    headers: Sequence[tuple[bytes, bytes]] = [(b"x-forwarded-for", line.encode()) for line in lines]
    return forwarded_client({"type": "http", "client": (PROXY, 50000), "headers": headers})


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
        (["203.0.113.9", "198.51.100.7"], "198.51.100.7"),  # the client's own line, then the proxy's
        (["203.0.113.9", "203.0.113.10,198.51.100.7 "], "198.51.100.7"),
        (["203.0.113.9,", "198.51.100.7"], "198.51.100.7"),
        (["198.51.100.7:4711"], "198.51.100.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["[2001:db8::7]"], "2001:db8::7"),
        (["[2001:db8::7]:4711"], "2001:db8::7"),
        (['"[2001:db8::7]:4711"'], "2001:db8::7"),
        (["fe80::1%eth0"], "fe80::1"),
        ([], PROXY),
        ([""], PROXY),
        (["198.51.100.7, unknown"], PROXY),
        (["198.51.100.7, _hidden"], PROXY),
        (["198.51.100.999"], PROXY),
    ],
)
def test_behind_a_proxy_the_last_entry_of_all_lines_counts_without_its_port(
    lines: list[str], client: str
) -> None:
    assert asked(*lines) == client


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.8", False),
        ("198.51.100.7", "198.51.100.8", False),
    ],
)
def test_the_addresses_of_one_household_count_as_one(one: str, other: str, same: bool) -> None:
    assert (household(one) == household(other)) is same


def test_what_is_no_address_is_itself_and_short() -> None:
    assert household("x" * 1000) == "x" * 64
