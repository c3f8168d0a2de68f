"""Use cases of selling: who sells, what is sold, to whom, and what is signed. Each runs in the caller's transaction.

Every id is the caller's, so that a form that is sent twice does its work once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Row

from services.sponsor_invoice import owed as owed_store
from services.sponsor_invoice import store
from services.sponsor_invoice import tables as t
from services.sponsor_invoice.collecting import settle
from services.sponsor_invoice.document import paper_of, sheet
from services.sponsor_invoice.domain import ledger, vat
from services.sponsor_invoice.domain.dunning import LADDER, Dunning
from services.sponsor_invoice.domain.invoice import Invoice, Receivable, issue
from services.sponsor_invoice.domain.sponsorship import Benefit, Package, Sponsorship, sign
from services.sponsor_invoice.owed import Owed
from services.sponsor_invoice.store import PERSON, Person, Seller, Sponsor
from services.sponsor_invoice.tables import document_series
from shared.database import Transaction
from shared.documents.reference import payment_reference
from shared.documents.series import Series, next_number
from shared.errors import Conflict, InvalidInput
from shared.events import PersonErased, StaffActed

DAYS_TO_PAY: Final = 14
MAX_DAYS_TO_PAY: Final = 120


def record_action(tx: Transaction, action: str, subject: str, conference_id: str, facts: Mapping[str, str]) -> None:
    """Say for the audit trail what a member of staff did; what the system does by itself is no action."""
    if tx.actor != "system":
        tx.publish(
            StaffActed(conference_id=conference_id, staff_id=tx.actor, action=action, subject=subject, facts=facts)
        )


def define_seller(tx: Transaction, seller: Seller) -> None:
    """Enter or change the body that issues. What was issued before keeps its old sheet."""
    others = [other for other in store.list_sellers(tx.connection) if other.id != seller.id]
    if any(other.prefix == seller.prefix for other in others):
        raise Conflict("Another seller's invoices begin like this: choose another prefix.", prefix=seller.prefix)
    store.save_seller(tx, seller)
    record_action(tx, "define_seller", seller.id, "", {"seller": seller.name})


def define_package(tx: Transaction, package: Package) -> None:
    """Offer a package, or change it for those who sign from now on. Its price is in the conference's currency."""
    conference = store.conference(tx.connection, package.conference_id)
    if package.price.currency != conference.currency:
        raise InvalidInput(
            "A package is priced in its conference's currency.",
            errors={"price": [f"In {conference.currency}, please."]},
        )
    codes = {each["code"] for each in conference.admission_types}
    for benefit in package.benefits:
        if benefit.kind == "vouchers" and benefit.admission_type not in codes:
            raise InvalidInput(
                "The conference has no such admission type.",
                errors={"admission_type": ["Choose one of the conference's admission types."]},
            )
    store.save_package(tx, package)
    record_action(tx, "define_package", package.id, package.conference_id, {"package": package.name})


def enter_sponsor(tx: Transaction, sponsor: Sponsor, contact: Person) -> None:
    """Enter or change an organisation and the person who gets its invoices (`contact.id` is `sponsor.contact_id`)."""
    store.save_person(tx, contact)
    store.save_sponsor(tx, sponsor)
    record_action(tx, "enter_sponsor", sponsor.id, "", {"sponsor": sponsor.name})


def sign_sponsorship(
    tx: Transaction,
    *,
    sponsorship_id: str,
    package_id: str,
    sponsor_id: str,
    seller_id: str,
    signed_on: date,
    order_number: str = "",
    days_to_pay: int = DAYS_TO_PAY,
    vouchers_wait: bool | None = None,
    ladder: tuple[int, ...] = LADDER,
) -> str | None:
    """An organisation signs: its invoice gets its number and its benefits are granted in the same transaction.

    Returns the invoice's id; None in kind. `vouchers_wait` None takes the package's policy. Doing the same id again
    changes nothing. Raises `Conflict` when the package is sold out, `InvalidInput` when no invoice can be made of it.
    """
    package = store.load_package(tx.connection, package_id, lock=True)
    if store.exists(tx.connection, t.sponsorships, sponsorship_id):
        return owed_store.first_invoice_id(tx.connection, sponsorship_id)
    sponsor = store.load_sponsor(tx.connection, sponsor_id)
    if vouchers_wait is not None:
        package = replace(package, vouchers_wait=vouchers_wait)
    held, events = sign(
        sponsorship_id=sponsorship_id,
        package=package,
        taken=store.count_taken(tx.connection, package_id),
        sponsor_id=sponsor_id,
        sponsor=sponsor.name,
        contact=PERSON + sponsor.contact_id,
        signed_on=signed_on,
        benefit_ids=[tx.ids.new("ben", tx.now) for _ in package.benefits],
    )
    tx.publish(*events)
    tx.publish(*held.grant_benefits(paid=False))
    store.add_sponsorship(tx, held, seller_id=seller_id, order_number=order_number)
    facts = {"sponsor": sponsor.name, "package": package.name}
    record_action(tx, "sign_sponsorship", sponsorship_id, held.conference_id, facts)
    if held.in_kind:
        return None
    return issue_invoice(tx, held, package, seller_id, order_number, days_to_pay, ladder).id


def issue_invoice(
    tx: Transaction,
    held: Sponsorship,
    package: Package,
    seller_id: str,
    order_number: str,
    days_to_pay: int,
    ladder: tuple[int, ...],
) -> Invoice:
    """Number, write down, post and announce the invoice of a sponsorship; its sheet is set by an errand."""
    if not 0 <= days_to_pay <= MAX_DAYS_TO_PAY:
        raise InvalidInput(
            f"An invoice is due within {MAX_DAYS_TO_PAY} days.", errors={"days_to_pay": [f"0 to {MAX_DAYS_TO_PAY}."]}
        )
    conference = store.conference(tx.connection, held.conference_id)
    seller, sponsor = store.load_seller(tx.connection, seller_id), store.load_sponsor(tx.connection, held.sponsor_id)
    contact = store.load_people(tx.connection, [sponsor.contact_id]).get(sponsor.contact_id)
    rule = vat.vat_rule(
        seller_country=seller.country,
        sponsor_country=sponsor.country,
        vat_id=sponsor.vat_id,
        rate=package.vat_rate,
        exemption=package.exemption,
    )
    language = contact.locale if contact else "en"
    zone, days = store.zone(conference), store.days(conference)
    today = tx.now.astimezone(zone).date()
    invoice_id = tx.ids.new("inv", tx.now)
    printed = sheet(
        seller=seller,
        sponsor=sponsor,
        rule=rule,
        package=held.package,
        benefits=_in_words(held.benefits, conference, language),
        order_number=order_number,
        conference=conference.name,
        place=conference.place,
        service_from=days[0],
        service_to=days[-1],
        language=language,
        is_demo=conference.is_demo,
    )
    number = next_number(tx, document_series, Series(seller.id, seller.prefix, today.year))
    invoice, events = issue(
        invoice_id=invoice_id,
        number=number,
        conference_id=held.conference_id,
        sponsorship_id=held.id,
        sponsor=held.sponsor,
        contact=held.contact,
        issued_on=today,
        due_on=today + timedelta(days=days_to_pay),
        total=vat.charged(held.price, package.vat_rate, rule, package.exemption),
        rule=rule,
        payment_reference=payment_reference(number),
    )
    owed_store.add_invoice(tx, invoice, seller_id=seller.id, account_id=seller.account_id, sheet=printed)
    owed = Owed(Receivable.of(invoice), Dunning(invoice_id, invoice.due_on, ladder), seller.account_id, zone)
    owed_store.add(tx, owed)
    owed_store.post(tx, invoice, "issued", today, ledger.issued(invoice.vat))
    paper_of(
        owed_store.invoice_row(tx.connection, invoice_id)
    )  # what the law asks for is missing now, not when it is set
    tx.publish(*events)
    tx.schedule("set_document", invoice_id, tx.now)
    settle(tx, owed)
    return invoice


def cancel_invoice(
    tx: Transaction, *, invoice_id: str, correction_id: str, reason: str, then: Literal["end", "reissue"]
) -> str:
    """Take an invoice back by a Stornorechnung; then the sponsorship ends, or is invoiced anew with today's facts.

    Returns the id of the Stornorechnung, or of the new invoice. Doing the same `correction_id` again changes nothing.
    """
    row = owed_store.invoice_row(tx.connection, invoice_id)
    held, agreement = store.load_sponsorship(tx.connection, row.sponsorship_id, lock=True)
    owed = owed_store.load(tx.connection, invoice_id, lock=True)
    if store.exists(tx.connection, t.invoices, correction_id):
        return correction_id
    if not reason.strip():
        raise InvalidInput("A Stornorechnung says why.", errors={"reason": ["Say in a few words why."]})
    seller = store.load_seller(tx.connection, row.seller_id)
    today = owed.today(tx.now)
    written_off = owed.receivable.written_off
    number = next_number(tx, document_series, Series(seller.id, seller.prefix, today.year))
    events = owed.receivable.cancel(correction_id=correction_id, number=number, on=today)
    owed.dunning.end("cancelled")
    original = owed.invoice
    taken_back = replace(
        original,
        id=correction_id,
        number=number,
        issued_on=today,
        due_on=today,
        total=-original.total,
        vat=replace(original.vat, net=-original.vat.net, vat=-original.vat.vat),
        payment_reference="",
    )
    owed_store.add_invoice(
        tx,
        taken_back,
        seller_id=seller.id,
        account_id=row.account_id,
        sheet=row.sheet,
        corrects_id=invoice_id,
        reason=reason,
    )
    owed_store.post(tx, original, "cancelled", today, ledger.cancelled(original.vat, written_off))
    owed_store.save(tx, owed)
    tx.publish(*events)
    tx.schedule("set_document", correction_id, tx.now)
    record_action(tx, "cancel_invoice", invoice_id, original.conference_id, {"number": original.number, "by": number})
    if then == "reissue" and not held.ended:
        package = store.load_package(tx.connection, held.package_id)
        days_to_pay = (original.due_on - original.issued_on).days
        ladder = owed.dunning.ladder
        return issue_invoice(tx, held, package, seller.id, agreement.order_number, days_to_pay, ladder).id
    tx.publish(*held.end("invoice_cancelled"))
    store.save_sponsorship(tx, held)
    return correction_id


def erase_people(tx: Transaction, ids: list[str]) -> int:
    """Forget people, by `per_...` or `sponsorship:per_...`. Returns how many were here; documents name none of them."""
    erased = [id for id in sorted({id.removeprefix(PERSON) for id in ids}) if store.erase_person(tx, id)]
    tx.publish(*(PersonErased(person=PERSON + id) for id in erased))
    return len(erased)


def _in_words(benefits: Sequence[Benefit], conference: Row[Any], language: str) -> list[str]:
    """What the sponsor gets, as it is printed on the invoice."""
    admissions = "Eintritte" if language == "de" else "admissions"
    names = {each["code"]: each["name_de" if language == "de" else "name_en"] for each in conference.admission_types}
    return [
        f"{each.count} {admissions} ({names.get(each.admission_type, each.admission_type)})"
        if each.kind == "vouchers"
        else each.description
        for each in benefits
    ]
