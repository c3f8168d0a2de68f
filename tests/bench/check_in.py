"""Check-in: scans of paid tickets by 16 devices through the door's REST, one in ten of them a second time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

from infra.services import module
from services.ticket.doorkeeping import token_of
from services.ticket.handlers import AttendeeWish, OrderWish, place_order
from services.ticket.handlers.admitting import make_pass
from services.ticket.handlers.vouchers import make_vouchers
from services.ticket.store import check_ins, conferences, vouchers
from tests.bench.clients import drive, post
from tests.bench.parts import STACKS, Place, note, percentile, place, report
from tests.bench.street import SLUG, Street, street

DEVICES = 16
TICKETS = 6000
USES = 1000
AGAIN = 10
WARM, SECONDS = 2.0, 10.0
BAR_RATE, BAR_P99 = 200, 100.0


def main() -> None:
    for stack in STACKS:
        with place(stack) as where, street(where) as open_street:
            _measure(where, open_street)


def _measure(where: Place, at: Street) -> None:
    note(f"check-in/{where.stack}: {TICKETS} free tickets ...")
    token = _sell(at)
    at.start_worker()
    at.start_web()
    note(f"check-in/{where.stack}: scanning ...")
    answers = drive(at.web, _scans(at, token), DEVICES, WARM, SECONDS)
    p99 = percentile(answers.took, 0.99) * 1000
    with at.runtime.database(module("ticket").SERVICE).reading() as connection:
        conference = conferences.conference_by_slug(connection, SLUG)
        inside = sum(check_ins.count_in(connection, conference.conference_id, "door").values())
    figures = {
        "devices": DEVICES,
        "scans_per_s": round(answers.rate),
        "p50_ms": round(percentile(answers.took, 0.5) * 1000, 1),
        "p99_ms": round(p99, 1),
        "refused": sum(count for status, count in answers.statuses.items() if status != 200),
        "checked_in": inside,
    }
    bars = {f"scans >= {BAR_RATE}/s": answers.rate >= BAR_RATE, f"p99 <= {BAR_P99:.0f} ms": p99 <= BAR_P99}
    report("check-in", where.stack, figures, bars)


def _sell(at: Street) -> str:
    """Tickets by a voucher that costs nothing, and a pass for the devices: its bearer token."""
    database, now = at.runtime.database(module("ticket").SERVICE), at.runtime.clock.now()
    with database.transaction() as tx:
        conference = conferences.conference_by_slug(tx.connection, SLUG)
        lot = make_vouchers(tx, conference, "regular", TICKETS // USES, uses=USES)
        codes = [row.code for row in vouchers.codes_of(tx.connection, lot.lot_id)]
        made = make_pass(tx, conference.conference_id, "Bench", (), now + timedelta(days=1), "console:stf_bench")
    for number in range(TICKETS // 10):
        guests = tuple(AttendeeWish(f"Guest {number}-{n}", f"g{n}@example.org", "regular") for n in range(10))
        place_order(
            database, SLUG, OrderWish(email="g@example.org", attendees=guests, voucher=codes[number * 10 // USES])
        )
    return token_of(at.runtime, made)


def _scans(at: Street, token: str) -> Iterator[bytes]:
    with at.runtime.database(module("ticket").SERVICE).reading() as connection:
        conference = conferences.conference_by_slug(connection, SLUG)
        ids = [row.admission_id for row in check_ins.all_guests(connection, conference.conference_id, "door")]
    signer = at.runtime.signer("ticket.admission")
    for number in itertools.count():
        ticket = ids[number % len(ids)] if number % AGAIN else ids[0]
        body = {"scan_id": f"bench-{number:08d}", "code": signer.sign({"a": ticket})}
        yield post(at.web, "/api/v1/door/scans", body, {"Authorization": f"Bearer {token}"})
