"""Notification, composed: its pages, what other services may ask it, and its worker."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Final

from flask import Flask

from services.notification import handlers, internal, tables
from services.notification.checks import CHECKS
from services.notification.letters import PostOffice
from services.notification.mailer import Mailer, make_mailer
from services.notification.mime import clean_address
from services.notification.pages import public, staff
from shared.errors import InvalidInput
from shared.runtime import Runtime
from shared.service import Service
from shared.web import create_base_app, create_internal_app
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
    pace=0.25,
)


def create_app(runtime: Runtime) -> Flask:
    """/mail: the ledger and the mailbox for staff; reminders, confirming and unsubscribing for everybody."""
    app = create_base_app(SERVICE, runtime, __name__)
    database = runtime.database(SERVICE)
    app.register_blueprint(staff.make_blueprint(runtime, database))
    public.install(app, runtime, database)
    return app


def create_internal(runtime: Runtime) -> Flask:
    """/internal/notification/..., for the other services and for rehearsals."""
    app = create_internal_app(SERVICE, runtime)
    app.register_blueprint(internal.make_blueprint(runtime.database(SERVICE)))
    return app


def create_worker(runtime: Runtime, mailer: Mailer | None = None) -> Worker:
    """Consumes, and sends what is due: by the mail server of the settings, or by the given mailer.

    Raises `InvalidInput` where the sender in the settings is no address: better now than at every mail.
    """
    try:
        clean_address(parseaddr(runtime.settings.mail_from)[1])
    except InvalidInput as error:
        raise InvalidInput("STAGEDOOR_MAIL_FROM must be like: My Conference <tickets@example.org>.") from error
    office = PostOffice(runtime, runtime.database(SERVICE), mailer or make_mailer(runtime.settings.smtp_url))
    return Worker(SERVICE, runtime, office)
