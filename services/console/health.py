"""How every service is, asked over `/internal`; and what a person does about a parked message."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.console import accounts
from shared.database import Database
from shared.errors import NotFound, StagedoorError
from shared.events import TOPICS
from shared.runtime import Runtime
from shared.web.i18n import gettext as _
from shared.web.staff import Staff

SERVICES: Final = tuple(sorted({topic.owner for topic in TOPICS.values()}))
ACTIONS: Final = ("retry", "drop")


@dataclass(frozen=True)
class Consumer:
    topic: str
    lag: int
    last_message_at: datetime | None


@dataclass(frozen=True)
class Health:
    """A service that answers, or `trouble` says why it is not known how it is."""

    service: str
    answers: bool
    trouble: str
    outbox: int
    consumers: list[Consumer]
    stuck: list[dict[str, Any]]
    parked: list[dict[str, Any]]

    @property
    def lag(self) -> int:
        return sum(consumer.lag for consumer in self.consumers)

    @property
    def is_well(self) -> bool:
        return self.answers and not (self.trouble or self.stuck or self.parked)


def ask_all(runtime: Runtime) -> list[Health]:
    """Ask all services at once; one that is silent keeps no other waiting."""
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        return list(pool.map(lambda service: ask(runtime, service), SERVICES))


def ask(runtime: Runtime, service: str) -> Health:
    client = runtime.internal(service)
    try:
        said = client.get("/health")
        parked = client.get("/parked")["items"] if said.get("parked") else []
    except StagedoorError as error:
        return Health(service, False, str(error), 0, [], [], [])
    consumers = [
        Consumer(
            row["topic"],
            int(row["lag"]),
            datetime.fromisoformat(row["last_message_at"]) if row["last_message_at"] else None,
        )
        for row in said["consumers"]
    ]
    for row in parked:
        row["at"] = datetime.fromisoformat(row["at"])
    return Health(service, True, said.get("trouble", ""), int(said["outbox"]), consumers, said["stuck"], parked)


def unpark(runtime: Runtime, database: Database, staff: Staff, service: str, parked_id: int, action: str) -> None:
    """Try a parked message again, or drop it for ever; who did it is in the audit trail.

    Raises what the service answers: `NotFound`, `Conflict`, `Unavailable`.
    """
    if service not in SERVICES or action not in ACTIONS:
        raise NotFound(_("There is no such message."))
    runtime.internal(service).post(f"/parked/{action}", {"id": parked_id, "actor": staff.actor})
    with database.transaction(staff.actor) as tx:
        accounts.acted(tx, staff.id, f"{action}_parked", f"{service}:{parked_id}")
