"""The fixtures of the web tests."""

from datetime import timedelta

import pytest
from starlette.applications import Starlette

from nudger.web.app import build_app
from tests.support.worlds.web import World

SHORT = timedelta(milliseconds=50)  # how long a form may take here


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def phone_app(world: World) -> Starlette:
    return build_app(world.doors(), patience=SHORT)


@pytest.fixture
def twilio_app(world: World) -> Starlette:
    return build_app(world.twilio_doors(), patience=SHORT)
