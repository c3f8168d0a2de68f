"""The web frame: every service's apps are made here, so that all look, refuse, translate and protect alike.

app = create_base_app(SERVICE, runtime, __name__)     # pages and API, reached through the front door
app = create_internal_app(SERVICE, runtime)           # /internal/<service>/..., for the other services only
"""

from shared.web.app import create_base_app, create_internal_app, current_runtime
from shared.web.security import safe_next

__all__ = ["create_base_app", "create_internal_app", "current_runtime", "safe_next"]
