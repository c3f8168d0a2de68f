"""What every service answers at `/internal/<service>`: how it is, what is parked, try again, give up."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, request

from shared import operations
from shared.errors import InvalidInput
from shared.runtime import Runtime
from shared.service import Service
from shared.verify import broken


def install(app: Flask, service: Service, runtime: Runtime) -> None:
    """Add the routes to a service's internal application."""
    database = runtime.database(service)
    blueprint = Blueprint("operations", __name__, url_prefix=f"/internal/{service.name}")

    @blueprint.get("/health")
    def health() -> dict[str, Any]:
        return operations.health(service, database, runtime.log)

    @blueprint.get("/verify")
    def verify() -> dict[str, Any]:
        return {"broken": broken(service, database)}

    @blueprint.get("/parked")
    def parked() -> dict[str, Any]:
        return {"items": operations.list_parked(database)}

    @blueprint.post("/parked/retry")
    def retry() -> dict[str, Any]:
        return {"taken": operations.retry_parked(service, database, _parked_id())}

    @blueprint.post("/parked/drop")
    def drop() -> dict[str, Any]:
        actor = str((request.get_json() or {}).get("actor", "system"))
        return {"taken": operations.drop_parked(service, database, _parked_id(), actor)}

    app.register_blueprint(blueprint)


def _parked_id() -> int:
    """`{"id": 7}` in the body. Raises `InvalidInput`."""
    given = (request.get_json() or {}).get("id")
    if not isinstance(given, int):
        raise InvalidInput('Send {"id": NUMBER}, the number of a parked message.')
    return given
