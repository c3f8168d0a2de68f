"""What gunicorn serves: everything behind the front door, or one service by itself."""

from __future__ import annotations

import os
from typing import Any

from infra.front_door import FrontDoor
from infra.services import module
from shared import logs
from shared.runtime import Runtime


def make_application() -> Any:
    """The application for the role in the environment: `all` (default) or a service's name."""
    role = os.environ.get("ROLE", "all")
    runtime = Runtime.from_environment()
    logs.configure(runtime.settings.log_level)
    return FrontDoor(runtime) if role == "all" else module(role).create_app(runtime)
