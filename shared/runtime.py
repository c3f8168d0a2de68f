"""Everything an app or a worker is composed from: settings, clock, ids, log, databases, the way to the other services.

An installation makes it from its environment; a rehearsal or a test makes one with a simulated clock and seeded ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.clock import Clock, SystemClock
from shared.config import Settings, load
from shared.database import Database
from shared.database.schema import state_of
from shared.errors import StagedoorError
from shared.identity import Signer
from shared.ids import Ids, RandomIds
from shared.internal import InternalClient, Transport, http_transport
from shared.log import Log, open_log
from shared.service import Service


@dataclass(frozen=True)
class Runtime:
    """Shared by all services in one process. `transports` overrides how a service is reached, by its name."""

    settings: Settings
    clock: Clock
    ids: Ids
    log: Log
    transports: dict[str, Transport] = field(default_factory=dict)
    _databases: dict[str, Database] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Runtime:
        """Raises `InvalidInput` that names a wrong setting."""
        settings = load(environ)
        log = open_log(settings.log_at, settings.topic_prefix)
        return cls(settings=settings, clock=SystemClock(), ids=RandomIds(), log=log)

    def database(self, service: Service) -> Database:
        if service.name not in self._databases:
            url = self.settings.database_of(service.name)
            self._databases[service.name] = Database(url, service.metadata, service.name, self.clock, self.ids)
        return self._databases[service.name]

    def internal(self, service_name: str) -> InternalClient:
        transport = self.transports.get(service_name) or http_transport(
            self.settings.internal_url.format(service=service_name.replace("_", "-"))
        )
        return InternalClient(service_name, self.signer("service"), self.clock, transport)

    def signer(self, purpose: str) -> Signer:
        return Signer(self.settings.secret, purpose)

    def ready(self, service: Service) -> list[str]:
        """Sentences about what is not as it must be; empty when the service can work."""
        problems: list[str] = []
        try:
            problems += state_of(self.database(service), service.migrations)
        except StagedoorError as error:
            problems.append(str(error))
        try:
            problems += self.log.check_topics([*service.consumes, *service.publishes])
        except StagedoorError as error:
            problems.append(str(error))
        return problems

    def close(self) -> None:
        for database in self._databases.values():
            database.close()
        self.log.close()
