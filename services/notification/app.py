"""Where the notification service is put together."""

from __future__ import annotations

from typing import Final

from services.notification import handlers, tables
from services.notification.checks import CHECKS
from services.notification.letters import PostOffice
from services.notification.mailer import Mailer, make_mailer
from shared.runtime import Runtime
from shared.service import Service
from shared.worker import Worker

SERVICE: Final = Service(
    name="notification",
    metadata=tables.metadata,
    migrations="services.notification.migrations",
    projections=handlers.PROJECTIONS,
    reactions=handlers.REACTIONS,
    projection_tables=tables.PROJECTION_TABLES,
    timers=handlers.TIMERS,
    errands=handlers.ERRANDS,
    checks=CHECKS,
)


def create_worker(runtime: Runtime, mailer: Mailer | None = None) -> Worker:
    """Consumes, and sends what is due: by the mail server of the settings, or by the given mailer."""
    office = PostOffice(runtime, runtime.database(SERVICE), mailer or make_mailer(runtime.settings.smtp_url))
    return Worker(SERVICE, runtime, office)
