"""Fixtures of the channel tests."""

from pathlib import Path

import pytest

from tests.support.doubles.smtp_double import Certificate, make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    made = make_certificate(Path(tmp_path_factory.mktemp("tls")))
    if made is None:
        pytest.skip("the openssl command makes the test's certificate: apt-get install openssl")
    return made
