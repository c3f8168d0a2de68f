"""Which events make which mails, to whom, and how often. Every event is told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.notification import handlers
from services.notification.app import SERVICE
from services.notification.domain.message import AGAIN_FROM, Message, Occasion, State, write
from services.notification.domain.rule import RULES, TICKET
from shared.errors import Conflict
from shared.events import Event
from shared.events.catering import Interval, MealPlates, MealsAmended, MealsOrdered, PlatesDrifted
from shared.events.sponsorship import BenefitGranted, InvoiceIssued, InvoiceOverdue
from shared.events.ticketing import (
    AdmissionCancelled,
    AdmissionChanged,
    AdmissionTransferred,
    InvitationSent,
    LinksRequested,
    NamesMissing,
    OrderCancelled,
    OrderLapsed,
    OrderPlaced,
    PaymentRefunded,
    TicketRequested,
    VoucherIssued,
    WaitlistJoined,
    WaitlistOffered,
)
from shared.money import Money
from tests.fixtures.smtp import MailServer
from tests.notification.conftest import CONFERENCE, START, House, admission, order_paid

FORECAST = Interval(200, 220, 240, 260, 280)
EUR = Money(59500, "EUR")
SPONSOR: dict[str, Any] = {"conference_id": CONFERENCE, "sponsorship_id": "shp_1"}
INVOICE: dict[str, Any] = {**SPONSOR, "invoice_id": "inv_1", "number": "SP-1", "sponsor": "Beispiel GmbH"}
ORDER: dict[str, Any] = {"conference_id": CONFERENCE, "order_id": "ord_1", "reference": "SEA2345"}
MEALS: dict[str, Any] = {
    "conference_id": CONFERENCE,
    "order_id": "mor_1",
    "headcount": 230,
    "forecast": FORECAST,
    "plates": (MealPlates("mea_1", 240),),
    "caterer": "catering:per_ada",
}


def refunded(reason: str) -> PaymentRefunded:
    return PaymentRefunded(
        **ORDER, payment_id=f"pay_{reason}", amount=EUR, reason=reason, refunded_at=START, buyer="ticket:per_ada"
    )


def overdue(stage: int) -> InvoiceOverdue:
    return InvoiceOverdue(
        **INVOICE,
        contact="sponsorship:per_ada",
        stage=stage,
        days_overdue=7 * stage,
        open=EUR,
        due_on=date(2027, 2, 1),
        released_at=START,
    )


def placed(days: int = 7, method: str = "transfer") -> OrderPlaced:
    return OrderPlaced(
        **ORDER,
        buyer="ticket:per_ada",
        payment_method=method,
        pay_by=START + timedelta(days=days),
        total=EUR,
        vat=(),
    )


SEAT: dict[str, Any] = {**ORDER, "admission_id": "adm_1", "admission_type": "regular", "attendee": "ticket:per_ada"}
PLACE: dict[str, Any] = {
    "conference_id": CONFERENCE,
    "waitlist_id": "wtl_1",
    "admission_type": "regular",
    "entry_id": "wai_1",
    "person": "ticket:per_ada",
}
EVENTS: list[tuple[str, str, list[Event]]] = [
    ("ticket", "ticket", [admission()]),
    ("ticket_void", "ticket", [AdmissionCancelled(**SEAT, tier_id="", reason="buyer", cancelled_at=START)]),
    ("waitlist_joined", "ticket", [WaitlistJoined(**PLACE)]),
    (
        "waitlist_offered",
        "ticket",
        [WaitlistOffered(**PLACE, offer_expires_at=START + timedelta(days=2), price=EUR)],
    ),
    ("order_confirmation", "ticket", [order_paid()]),
    ("how_to_pay", "ticket", [placed()]),
    ("names_missing", "ticket", [NamesMissing(**ORDER, buyer="ticket:per_ada", count=2)]),
    (
        "order_cancelled",
        "ticket",
        [OrderCancelled(**ORDER, reason="buyer", cancelled_at=START, buyer="ticket:per_ada", refund=EUR)],
    ),
    (
        "payment_failed",
        "ticket",
        [OrderLapsed(**ORDER, reason="declined", lapsed_at=START, lines=(), buyer="ticket:per_ada")],
    ),
    ("refund", "ticket", [refunded("late"), refunded("doubled")]),
    (
        "invoice",
        "sponsor_invoice",
        [
            InvoiceIssued(
                **INVOICE,
                contact="sponsorship:per_ada",
                issued_on=date(2027, 1, 1),
                due_on=date(2027, 2, 1),
                total=EUR,
                vat=(),
                payment_reference="RF18539007547034",
            )
        ],
    ),
    ("sponsor_reminder", "sponsor_invoice", [overdue(1), overdue(2), overdue(3)]),
    (
        "meal_order",
        "catering",
        [
            MealsOrdered(**MEALS, number=1, ordered_at=START),
            MealsAmended(**MEALS, number=2, amended_at=START, reason="more came"),
        ],
    ),
]


@pytest.mark.parametrize(("rule", "owner", "events"), EVENTS, ids=[rule for rule, _, _ in EVENTS])
def test_each_occasion_makes_one_mail_to_the_right_person(
    rule: str, owner: str, events: list[Event], house: House, mail_server: MailServer
) -> None:
    for event in events:
        house.hear(event, owner=owner)
    for event in events:
        house.hear(event, owner=owner)
    house.work()
    assert house.states() == [(rule, "sent")] * len(events)
    assert mail_server.recipients == ["ada@example.org"] * len(events)
    assert (
        "sponsor_invoice" if owner == "sponsor_invoice" else owner,
        f"/internal/{owner}/people",
    ) in house.others.asked


@pytest.mark.parametrize(
    ("rule", "event"),
    [
        ("ticket", TicketRequested(**SEAT)),
        (
            "invitation",
            InvitationSent(
                conference_id=CONFERENCE,
                lot_id="lot_1",
                invitation_id="inv_1",
                admission_type="helper",
                person="ticket:per_ada",
            ),
        ),
        ("ticket_changed", AdmissionChanged(**SEAT, days=(date(2027, 6, 8),))),
        ("links", LinksRequested(conference_id=CONFERENCE, person="ticket:per_ada")),
    ],
)
def test_what_is_asked_for_or_changes_again_is_mailed_again(
    rule: str, event: Event, house: House, mail_server: MailServer
) -> None:
    house.others.facts["links"] = {"listed": [{"kind": "order", "label": "SEA2345", "link": "https://example.org/o/1"}]}
    house.hear(event)
    house.hear(event)
    house.work()
    assert house.states() == [(rule, "sent")] * 2
    body = mail_server.mails[0].get_body(("plain",))
    assert body is not None and "https://example.org/" in body.get_content()


def test_a_change_of_days_or_add_ons_that_its_holder_made_is_told_to_nobody(house: House) -> None:
    house.hear(AdmissionChanged(**{**SEAT, "attendee": ""}, days=(date(2027, 6, 8),)))
    assert house.ledger() == []


def test_who_ordered_hears_once_of_tickets_that_were_given_back_together(house: House, mail_server: MailServer) -> None:
    facts = {
        **SEAT,
        "tier_id": "",
        "reason": "buyer",
        "cancelled_at": START,
        "buyer": "ticket:per_ada",
        "returned": EUR,
    }
    for seat in ("adm_1", "adm_2"):
        house.hear(AdmissionCancelled(**{**facts, "admission_id": seat, "attendee": "ticket:per_jörg"}))
    house.work()
    assert sorted(name for name, _ in house.states()) == ["ticket_void", "ticket_void", "tickets_returned"]
    (mail,) = [each for each in mail_server.mails if "ada@example.org" in str(each["To"])]
    body = mail.get_body(("plain",))
    assert "given back" in str(mail["Subject"])
    assert body is not None and "stay valid" in " ".join(body.get_content().split())


def test_the_refund_of_a_cancelled_order_needs_no_mail_of_its_own(house: House) -> None:
    house.hear(refunded("cancelled"))
    assert house.ledger() == []


def test_drifted_plates_are_told_to_the_conference_once_a_meal_and_day(house: House, mail_server: MailServer) -> None:
    drift = PlatesDrifted(
        conference_id=CONFERENCE, order_id="mor_1", meal_id="mea_1", ordered=240, expected=262, tolerance=10
    )
    house.hear(drift, owner="catering")
    house.hear(replace(drift, expected=263), owner="catering")
    house.hear(replace(drift, meal_id="mea_2"), owner="catering")
    house.work()
    assert mail_server.recipients == ["team@searchlight.example.org"] * 2
    house.clock.advance_to(START + timedelta(days=1))
    house.hear(replace(drift, expected=270), owner="catering")
    house.work()
    assert len(mail_server.mails) == 3


GRANTED = BenefitGranted(
    **SPONSOR, benefit_id="ben_1", kind="vouchers", count=2, admission_type="sponsor", contact="sponsorship:per_ada"
)
LOT = VoucherIssued(
    conference_id=CONFERENCE,
    lot_id="lot_1",
    admission_type="sponsor",
    count=2,
    sponsorship_id="shp_1",
    benefit_id="ben_1",
)


@pytest.mark.parametrize("order", ["benefit first", "vouchers first"])
def test_vouchers_reach_the_sponsor_in_whichever_order_we_hear(
    order: str, house: House, mail_server: MailServer
) -> None:
    told: list[tuple[Event, str]] = [(GRANTED, "sponsor_invoice"), (LOT, "ticket")]
    for event, owner in told if order == "benefit first" else reversed(told):
        house.hear(event, owner=owner)
    house.others.facts["vouchers"] = {"codes": "ABCD-2345, EFGH-6789", "count": "2"}
    house.work()
    assert mail_server.recipients == ["ada@example.org"]
    body = mail_server.mails[0].get_body(("plain",))
    assert body is not None and "    ABCD-2345\r\n" in body.get_content()
    assert "ABCD" not in str([message.facts for message in house.ledger()]), "codes are in no ledger"


def test_vouchers_of_nobody_are_mailed_to_nobody(house: House) -> None:
    house.hear(replace(LOT, benefit_id=""))
    house.hear(replace(GRANTED, benefit_id="ben_2", contact=""), owner="sponsor_invoice")
    house.hear(replace(LOT, lot_id="lot_2", benefit_id="ben_2"))
    assert house.ledger() == []


def test_whoever_takes_an_admission_over_gets_the_ticket(house: House, mail_server: MailServer) -> None:
    house.hear(admission())
    transferred = AdmissionTransferred(
        **ORDER,
        admission_id="adm_1",
        admission_type="regular",
        attendee="ticket:per_jörg",
        previous_attendee="ticket:per_ada",
    )
    house.hear(transferred)
    house.work()
    assert sorted(mail_server.recipients) == ["ada@example.org", "ada@example.org", "joerg@example.org"]
    subjects = [str(each["Subject"]) for each in mail_server.mails if "ada@example.org" in str(each["To"])]
    assert any("was passed on" in each for each in subjects), "whom it was taken from is told"


def test_every_rule_is_served_by_a_reaction_or_a_page() -> None:
    triggers = {event for rule in RULES.values() for event in rule.triggers}
    assert triggers <= set(handlers.REACTIONS)
    assert set(handlers.ERRANDS) == {"send"}


def test_the_docstring_names_all_that_is_consumed_and_published() -> None:
    import services.notification as package

    words = set((package.__doc__ or "").replace(",", " ").replace(".", " ").split())
    for event in [*SERVICE.projections, *SERVICE.reactions]:
        assert event.__name__ in words


# The states of a message, without anything around them


def a_message(state: State = State.DUE, **changes: Any) -> Message:
    occasion = Occasion(TICKET, "adm_1", "issued", "ticket:per_ada", CONFERENCE, START)
    return replace(write(occasion, "msg_1", START), state=state, **changes)


@pytest.mark.parametrize("state", [s for s in State if s is not State.DUE])
def test_only_a_due_message_begins(state: State) -> None:
    with pytest.raises(Conflict):
        a_message(state).begin(START, "<1@example.org>")


@pytest.mark.parametrize("state", [s for s in State if s not in AGAIN_FROM])
def test_what_is_under_way_or_unwanted_is_not_sent_again(state: State) -> None:
    with pytest.raises(Conflict):
        a_message(state).again(START, "msg_2", 1, "console:stf_1")


def test_a_mail_given_up_as_unknown_is_sent_when_the_answer_comes_after_all() -> None:
    message = a_message(State.UNKNOWN)
    assert [type(event).__name__ for event in message.arrive(START)] == ["MessageSent"]


def test_a_mail_is_not_sent_after_it_is_of_use() -> None:
    message = a_message(not_after=START + timedelta(hours=1))
    assert [event.reason for event in message.look(START + timedelta(hours=2))] == ["too_late"]  # type: ignore[attr-defined]
    assert message.state is State.FAILED


def test_a_released_mail_has_two_days_again() -> None:
    message = a_message(State.HELD, happened_at=START - timedelta(days=40), not_after=START - timedelta(days=10))
    message.release(START, "console:stf_1")
    message.look(START + timedelta(hours=47))
    assert message.state is State.DUE
    message.look(START + timedelta(hours=49))
    assert message.state in (State.FAILED, State.HELD)


def test_who_owes_a_transfer_is_reminded_once_three_days_before_its_day(house: House) -> None:
    for _ in range(2):
        house.hear(placed(), owner="ticket")
    house.work()
    house.clock.advance_to(START + timedelta(days=4, minutes=-1))
    house.work()
    assert house.states() == [("how_to_pay", "sent")]
    house.clock.advance_to(START + timedelta(days=4))
    house.work()
    assert house.states() == [("how_to_pay", "sent"), ("payment_due", "sent")]


def test_pretix_3757_no_reminder_for_an_order_that_was_made_after_its_time(house: House) -> None:
    house.hear(placed(days=3), owner="ticket")
    house.work()
    house.clock.advance_to(START + timedelta(days=4))
    house.work()
    assert house.states() == [("how_to_pay", "sent")]
