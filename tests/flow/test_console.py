"""6. Console: what staff see is made of topics alone, and equals what the services know themselves."""

from __future__ import annotations

import re

import sqlalchemy as sa

from services.console import overview, reading
from services.console.app import first_link
from services.console.overview import Conference, Overview
from services.sponsor_invoice import handlers as finance
from services.ticket.store.tables import ledger, tiers
from shared.errors import InvalidInput
from shared.events.ticketing import AdmissionIssued
from shared.money import Money
from shared.operations import drop_parked, list_parked, retry_parked
from tests.flow.house import EARLY, REGULAR, TOKEN, House

PASSWORD = "a long password of the tests"


def look(house: House) -> Overview:
    with house.database("console").reading() as connection:
        [row] = [each for each in reading.conferences(connection) if each.slug == "flow"]
        return overview.make(connection, Conference.of(row), house.now, with_money=True)


def test_the_overview_equals_the_services_own_numbers(house: House) -> None:
    house.buy(9)
    kept, given_back = house.buy(1), house.buy(3)
    signed = house.sign("Gold")
    house.sign("Bronze", 1)
    with house.at_work("sponsor_invoice") as tx:
        finance.record_payment(
            tx,
            payment_id="pay_1",
            invoice_id=signed.invoice_id,
            amount=Money(595_000, "EUR"),
            booked_on=house.team.today,
        )
    house.shop.cancel(given_back)
    house.settle()
    seen = look(house)

    assert seen.paying is not None
    assert seen.owing is not None
    with house.database("ticket").reading() as connection:
        taken = connection.execute(sa.select(sa.func.sum(tiers.c.taken))).scalar()
        at_stripe = connection.execute(
            sa.select(sa.func.sum(ledger.c.amount)).where(ledger.c.account == "stripe")
        ).scalar()
    assert sum(tier.sold for tier in seen.paying.tiers) == taken == 10
    assert [tier.sold for tier in seen.paying.tiers if tier.price.amount == EARLY] == [10]
    assert seen.paying.tickets.amount + seen.paying.refunded.amount == at_stripe == 10 * EARLY
    assert seen.paying.refunded.amount == -3 * REGULAR
    assert seen.paying.sponsors.amount == 595_000
    assert seen.owing.open.amount == 119_000
    assert [(debtor.sponsor, debtor.open.amount) for debtor in seen.owing.debtors] == [("Nordlicht GmbH", 119_000)]
    assert seen.eating.admissions == house.headcount().admissions == 10
    assert seen.eating.expected == house.forecast().p50
    assert house.status(kept) == "paid"
    page = house.staff().get("/staff?conference=flow")
    assert page.status_code == 200
    assert page.text.count("<svg") >= 1
    health = house.staff("organiser").get("/staff/health")
    assert health.status_code == 200
    assert "ticketing.orders" in health.text
    house.check()


def test_a_message_that_fails_is_parked_with_its_key_seen_and_taken_or_given_up_by_hand(house: House) -> None:
    catering = house.stage.workers["catering"].service
    record = catering.projections[AdmissionIssued]
    broken = True

    def spoilt(envelopes: object, tx: object) -> None:
        if broken:
            raise InvalidInput("Catering cannot count today.")
        record(envelopes, tx)  # type: ignore[arg-type]

    catering.projections[AdmissionIssued] = spoilt  # type: ignore[index]
    try:
        bad, worse = house.buy(2), house.buy(1)
        database = house.database("catering")
        parked = [row for row in list_parked(database) if row["reason"] == "error"]
        assert len(parked) == 2
        assert house.mailed().count(("ticket", "sent")) == 3, "nobody else waits for catering"
        listed = house.staff("organiser").get("/staff/health")
        assert "Catering cannot count today" in listed.text
        broken = False
        retry_parked(catering, database, parked[0]["id"])
        drop_parked(catering, database, parked[1]["id"], actor="console:stf_1")
    finally:
        catering.projections[AdmissionIssued] = record  # type: ignore[index]
    house.wait(seconds=1)
    assert [row for row in list_parked(database) if row["reason"] == "error"] == []
    assert house.headcount().admissions in (2, 3)
    assert [house.status(basket) for basket in (bad, worse)] == ["paid", "paid"]


def test_the_first_start_lets_one_person_in_who_invites_the_others(house: House) -> None:
    link = first_link(house.stage.runtime)
    assert link is not None
    browser = house.stage.browser()
    joined = house.submit(browser, link.removeprefix("http://localhost"), _person("Ada Acker", "ada@example.org"))
    assert joined.status_code == 303
    assert browser.get("/staff").status_code == 200
    assert house.stage.browser().get(link.removeprefix("http://localhost")).status_code in (404, 410), "it opens once"
    assert first_link(house.stage.runtime) is None

    page = house.submit(browser, "/staff/people", {"conference": "*", "role": "finance"})
    [invitation] = re.findall(r"/staff/join/[\w.~-]+", page.text)[:1]
    colleague = house.stage.browser()
    assert house.submit(colleague, invitation, _person("Ben Bach", "ben@example.org")).status_code == 303
    assert colleague.get("/staff").status_code == 200
    assert colleague.get("/staff/audit").status_code == 403
    assert colleague.get("/finance", follow_redirects=True).status_code == 200
    house.settle()
    house.wait(minutes=1)
    trail = browser.get("/staff/audit")
    assert trail.status_code == 200
    assert "Ada Acker" in trail.text
    stranger = house.stage.browser().get("/staff")
    assert stranger.status_code == 302
    assert TOKEN.search(house.stage.browser().get("/staff/sign-in").text)


def _person(name: str, email: str) -> dict[str, str]:
    return {"name": name, "email": email, "password": PASSWORD, "again": PASSWORD}
