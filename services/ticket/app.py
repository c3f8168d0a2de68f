"""How the ticket service is put together."""

from __future__ import annotations

from flask import Flask

from services.ticket import (
    api,
    internal,
    organise,
    organise_catalogue,
    organise_door,
    organise_invitations,
    organise_money,
    organise_owed,
    organise_people,
    organise_stripe,
    organise_students,
    organise_transfers,
    organise_vouchers,
    organise_waiting,
    pages,
    webhook,
)
from services.ticket.checks import CHECKS
from services.ticket.handlers import ERRANDS, PROJECTIONS, REACTIONS, TIMERS, Context
from services.ticket.payments import Payments
from services.ticket.store import metadata
from services.ticket.web import Desk, refuse_unreadable
from shared.config import Settings
from shared.runtime import Runtime
from shared.service import Service
from shared.web import create_base_app, create_internal_app
from shared.worker import Worker

FAKE_KEY = "sk_test_fake"
STRIPE_PAGES = ("https://checkout.stripe.com",)

SERVICE = Service(
    name="ticket",
    metadata=metadata,
    migrations="services.ticket.migrations",
    projections=PROJECTIONS,
    reactions=REACTIONS,
    timers=TIMERS,
    errands=ERRANDS,
    checks=CHECKS,
    speaking_pace=0.004,
)


def create_app(runtime: Runtime, payments: Payments | None = None) -> Flask:
    """Shop, order pages, staff pages, API and Stripe's webhook."""
    targets = (runtime.settings.stripe_api,) if runtime.settings.stripe_api else STRIPE_PAGES
    app = create_base_app(SERVICE, runtime, __name__, form_targets=targets)
    app.extensions["ticket"] = Desk(runtime, make_context(runtime, payments))
    app.before_request(refuse_unreadable)
    api.install(app)
    webhook.install(app)
    organise.install(app)
    organise_people.install(app)
    organise_catalogue.install(app)
    organise_door.install(app)
    organise_invitations.install(app)
    organise_vouchers.install(app)
    organise_students.install(app)
    organise_transfers.install(app)
    organise_waiting.install(app)
    organise_money.install(app)
    organise_owed.install(app)
    organise_stripe.install(app)
    pages.install(app)
    return app


def create_internal(runtime: Runtime) -> Flask:
    """/internal/ticket/..., for the other services."""
    app = create_internal_app(SERVICE, runtime)
    app.extensions["ticket"] = Desk(runtime, make_context(runtime, None))
    internal.install(app)
    return app


def create_worker(runtime: Runtime, payments: Payments | None = None) -> Worker:
    return Worker(
        SERVICE, runtime, make_context(runtime, payments), errand_threads=4
    )  # they wait for Stripe and the disk


def make_context(runtime: Runtime, payments: Payments | None) -> Context:
    """What use cases that need the network work with."""
    return Context(
        database=runtime.database(SERVICE),
        payments=payments or make_payments(runtime),
        base_url=runtime.settings.base_url,
    )


def make_payments(runtime: Runtime) -> Payments:
    """Stripe by the settings: the fake one where no key is set."""
    settings: Settings = runtime.settings
    return Payments(
        key=settings.stripe_key or FAKE_KEY,
        webhook_secret=settings.stripe_webhook_secret,
        clock=runtime.clock,
        api_base=settings.stripe_api,
        allow_live=settings.stripe_live == "yes",
    )
