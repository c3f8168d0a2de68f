"""What holders do themselves, and staff for them: correct a name, pass a ticket on, have it mailed again, find a lost link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.ticket.domain.order import Admission, Order, person_ref
from services.ticket.domain.student import StudentCheck, check_of
from services.ticket.handlers.people import erase_people
from services.ticket.store import conferences, holders, orders, students
from shared.database import Database, Transaction
from shared.errors import Conflict, Gone, TooMany
from shared.events.ticketing import AdmissionChanged, LinksRequested, TicketRequested
from shared.identity import Signer
from shared.service import Timer
from shared.web.i18n import N_

MAILS_A_DAY = 3
"""How often a day one ticket is mailed again or passed on: nobody's mailbox is filled through us."""
LINKS_PER_ADDRESS, LINKS_PER_CLIENT = 3, 20
REMEMBERED_AFTER_TRANSFER = timedelta(days=14)
"""So long we know whom a ticket was taken over from: the mail that tells them, and questions about it."""
TOLD_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a ticket is passed on to."""

    name: str
    email: str
    locale: str


def correct_name(tx: Transaction, admission_id: str, name: str) -> Order:
    """Write the same person differently. Raises `Conflict` after the conference, `Gone` for an erased person."""
    order, admission = _lock(tx, admission_id)
    if not holders.rename(tx, admission.attendee, name):
        raise Gone(N_("This person was erased: pass the ticket on instead."))
    return order


def transfer_admission(tx: Transaction, admission_id: str, to: Holder) -> Order:
    """Somebody else holds it: a person of their own, with a link and a code of their own; those of the one before are dead.

    Raises `Conflict` where it admits nobody or may not be passed on, `TooMany` when it was passed on again and again today.
    """
    order, admission = _lock(tx, admission_id)
    if holders.note_ask(tx, "transfer", admission_id) > MAILS_A_DAY:
        raise TooMany(N_("This ticket changed hands very often today. Please try again tomorrow."), retry_after=86_400)
    previous = admission.attendee
    person = orders.Person(tx.ids.new("per", tx.now), to.name, to.email, to.locale)
    events = order.transfer(admission_id, person.person_id)
    holders.record_holder(tx, order.order_id, person)
    holders.save_holder(tx, admission)
    _check_student(tx, order, admission, to.email)
    tx.schedule("forget_holder", previous, tx.now + REMEMBERED_AFTER_TRANSFER)
    tx.publish(*events)
    return order


def _check_student(tx: Transaction, order: Order, admission: Admission, email: str) -> None:
    """A student's goes to a student: by their address, else they show an id at the door, or pay the difference there.

    What was checked about the one before counts for nothing, except that the difference was paid: then anybody may hold it.
    """
    if admission.student_check not in (StudentCheck.NONE, StudentCheck.DIFFERENCE_PAID):
        domains = students.domains_of(tx.connection, order.conference_id)
        admission.student_check = check_of(admission.admission_type, email, domains)
        students.save_check(tx, admission.admission_id, admission.student_check)


def resend_ticket(tx: Transaction, admission_id: str) -> Order:
    """Mail it to its holder once more. Raises `Conflict` where it admits nobody, `TooMany` when it was asked for often."""
    order, admission = _lock(tx, admission_id)
    if holders.note_ask(tx, "resend", admission_id) > MAILS_A_DAY:
        raise TooMany(
            N_("We mailed this ticket several times today. Please look into your spam folder."), retry_after=86_400
        )
    tx.publish(
        TicketRequested(
            conference_id=order.conference_id,
            order_id=order.order_id,
            reference=order.reference,
            admission_id=admission_id,
            admission_type=admission.admission_type,
            attendee=person_ref(admission.attendee),
        )
    )
    return order


def ask_for_links(database: Database, signer: Signer, slug: str, email: str, client: str) -> None:
    """Somebody lost their links. Whether we know the address is found out later, by the worker, so that no answer tells it.

    Raises `NotFound` for no conference, `TooMany` for a client that asks without end.
    """
    with database.transaction("buyer") as tx:
        conference = conferences.conference_by_slug(tx.connection, slug)
        address = email.strip().lower()
        by_client = holders.note_ask(tx, "links_client", signer.digest(f"client:{client}"))
        by_address = holders.note_ask(tx, "links_address", signer.digest(f"{conference.conference_id}:{address}"))
        if by_client <= LINKS_PER_CLIENT and by_address <= LINKS_PER_ADDRESS:
            request_id = holders.record_request(tx, conference.conference_id, address)
            tx.schedule("find_links", request_id, tx.now)
    if by_client > LINKS_PER_CLIENT:
        raise TooMany(N_("You asked very often today. Please try again tomorrow."), retry_after=86_400)


def find_links(timer: Timer, tx: Transaction) -> None:
    """One mail to an address that we know, with every link that is theirs; nothing for one that we do not know."""
    request = holders.take_request(tx, timer.subject)
    if request is None:
        return
    conference_id, email = request
    known = holders.people_with(tx.connection, conference_id, email)
    if known:
        tx.publish(LinksRequested(conference_id=conference_id, person=person_ref(known[-1].person_id)))


def forget_holder(timer: Timer, tx: Transaction) -> None:
    """Whoever passed a ticket on is forgotten after a while."""
    erase_people(tx, [timer.subject])


def tell_holders(timer: Timer, tx: Transaction) -> None:
    """Days, place or doors of the conference changed: tell those who are coming, some at a time."""
    conference_id = timer.subject
    found = holders.admissions_after(tx.connection, conference_id, timer.facts.get("after", ""), TOLD_AT_ONCE)
    loaded: dict[str, Order] = {}
    for row in found:
        order = loaded.setdefault(row.order_id, orders.load_order(tx.connection, row.order_id))
        admission = order.admission(row.admission_id)
        if order.admits(admission):
            tx.publish(
                AdmissionChanged(
                    conference_id=conference_id,
                    order_id=order.order_id,
                    reference=order.reference,
                    admission_id=admission.admission_id,
                    admission_type=admission.admission_type,
                    days=admission.days,
                    attendee=person_ref(admission.attendee),
                )
            )
    if len(found) == TOLD_AT_ONCE:
        tx.schedule("tell_holders", conference_id, tx.now, {"after": found[-1].admission_id})


def _lock(tx: Transaction, admission_id: str) -> tuple[Order, Admission]:
    """An admission to be changed, with its order. Raises `Conflict` where it admits nobody, or the conference is over."""
    order = orders.lock_order(tx, orders.order_of_admission(tx.connection, admission_id))
    admission = order.admission(admission_id)
    if not order.admits(admission):
        raise Conflict(N_("This ticket is not valid: nothing can be changed about it."), status=str(order.state))
    if tx.now >= conferences.conference_by_id(tx.connection, order.conference_id).ends_at:
        raise Conflict(N_("The conference is over: nothing can be changed about its tickets."))
    return order, admission
