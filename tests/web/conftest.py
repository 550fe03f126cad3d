"""The fixtures of the web tests."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette

from tests.support.worlds.web import World

SHORT = timedelta(milliseconds=50)  # how long a form may take here


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def phone_app(world: World) -> Starlette:
    return world.app(patience=SHORT)


@pytest.fixture
def twilio_app(world: World) -> Starlette:
    return world.twilio_app(patience=SHORT)
