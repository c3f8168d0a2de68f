"""A small service for tests of the frame: it counts plates by conference, and remembers what it reacted to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from shared.clock import SimulatedClock
from shared.config import load
from shared.database import Database, Transaction
from shared.database.frame import frame_tables
from shared.database.upsert import insert
from shared.errors import InvalidInput
from shared.events.ticketing import AdmissionCancelled, AdmissionIssued, OrderLapsed, OrderPaid
from shared.ids import seeded_ids
from shared.log import open_log
from shared.money import Money
from shared.runtime import Runtime
from shared.service import Errand, Service, Timer
from shared.wire import Envelope

START = datetime(2027, 3, 1, 9, tzinfo=UTC)

TALKER = Service("ticket", sa.MetaData(), "tests.support.none")
frame_tables(TALKER.metadata)

listener_metadata = sa.MetaData()
eaters = sa.Table(
    "eaters",
    listener_metadata,
    sa.Column("admission_id", sa.String(60), primary_key=True),
    sa.Column("conference_id", sa.String(60), nullable=False),
    sa.Column("cancelled", sa.Boolean, nullable=False),
)
notes = sa.Table(
    "notes",
    listener_metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("text", sa.String(100), nullable=False),
)
frame_tables(listener_metadata)


def record_eaters(events: Sequence[Envelope[Any]], tx: Transaction) -> None:
    statement = insert(eaters)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["admission_id"], set_={"cancelled": statement.excluded.cancelled}
        ),
        [
            {
                "admission_id": e.event.admission_id,
                "conference_id": e.event.conference_id,
                "cancelled": isinstance(e.event, AdmissionCancelled),
            }
            for e in events
        ],
    )


def note_payment(envelope: Envelope[OrderPaid], tx: Transaction) -> None:
    if envelope.event.reference == "POISON":
        raise InvalidInput("This order cannot be noted.")
    tx.execute(sa.insert(notes), {"text": envelope.event.reference})
    tx.schedule("remind", envelope.event.order_id, tx.now)


def remind(timer: Timer, tx: Transaction) -> None:
    if timer.subject == "bad":
        raise InvalidInput("This timer cannot be done.")
    tx.execute(sa.insert(notes), {"text": f"reminded {timer.subject}"})


def fetch(errand: Errand, context: Any) -> None:
    context["fetch"](errand)
    with context["database"].transaction() as tx:
        tx.execute(sa.insert(notes), {"text": f"fetched {errand.subject}"})
        errand.done(tx)


LISTENER = Service(
    "catering",
    listener_metadata,
    "tests.support.none",
    projections={AdmissionIssued: record_eaters, AdmissionCancelled: record_eaters},
    reactions={OrderPaid: note_payment},
    projection_tables=(eaters,),
    timers={"remind": remind},
    errands={"fetch": fetch},
)


def make_runtime(
    home: Path, log_url: str = "", database_url: str = "", prefix: str = "", clock: SimulatedClock | None = None
) -> Runtime:
    """A runtime on throw-away parts, at a clock that stands still."""
    environ = {"STAGEDOOR_HOME": str(home), "STAGEDOOR_SECRET": "a secret of the tests"}
    if log_url:
        environ["STAGEDOOR_LOG_URL"] = log_url
    if database_url:
        environ["STAGEDOOR_DATABASE_URL"] = database_url
    settings = load(environ)
    log = open_log(settings.log_at, prefix)
    return Runtime(settings=settings, clock=clock or SimulatedClock(START), ids=seeded_ids(7), log=log)


def prepared(runtime: Runtime, *services: Service) -> list[Database]:
    """Their databases, with the tables made straight from the metadata, and their topics."""
    databases = [runtime.database(service) for service in services]
    for service, database in zip(services, databases, strict=True):
        service.metadata.create_all(database.engine)
        runtime.log.create_topics([*service.publishes, *service.consumes])
    return databases


def issued(admission_id: str, order_id: str = "ord_1") -> AdmissionIssued:
    return AdmissionIssued(
        conference_id="con_1",
        order_id=order_id,
        reference="R1",
        admission_id=admission_id,
        admission_type="regular",
        attendee="ticket:per_1",
        tier_id="tie_1",
        days=(),
        price=Money(100, "EUR"),
        issued_at=START,
    )


def lapsed(order_id: str) -> OrderLapsed:
    """Nothing that the listener handles."""
    return OrderLapsed(
        conference_id="con_1", order_id=order_id, reference="R1", reason="expired", lapsed_at=START, lines=()
    )


def paid(order_id: str, reference: str = "R1") -> OrderPaid:
    return OrderPaid(
        conference_id="con_1",
        order_id=order_id,
        reference=reference,
        buyer="ticket:per_1",
        payment_method="card",
        paid_at=START,
        total=Money(100, "EUR"),
        vat=(),
        lines=(),
    )
