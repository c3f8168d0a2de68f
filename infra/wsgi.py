"""What gunicorn serves: everything behind the front door, or one service by itself."""

from __future__ import annotations

import os
from typing import Any

from infra.front_door import FrontDoor
from infra.services import NAMES, module, refuse_newer
from shared import logs
from shared.errors import StagedoorError
from shared.runtime import Runtime


def make_application() -> Any:
    """The application for the role in the environment: `all` (default) or a service's name.

    Ends the process, with a sentence, where a database is newer than this code.
    """
    role = os.environ.get("ROLE", "all")
    looking = Runtime.from_environment()  # closed again, so that no connection is open when gunicorn forks
    try:
        refuse_newer(looking, NAMES if role == "all" else [role])
    except StagedoorError as error:
        raise SystemExit(str(error)) from error
    finally:
        looking.close()
    runtime = Runtime.from_environment()
    logs.configure(runtime.settings.log_level)
    return FrontDoor(runtime) if role == "all" else module(role).create_app(runtime)
