"""Invoices and what corrects them: whatever happened to an order, its documents add up to what it is worth now.

One timer looks after an order was placed, paid or ended, in a transaction of its own, so that nobody waits for a number's
counter while money moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.ticket import paper
from services.ticket.domain.billing import Billing
from services.ticket.domain.documents import missing, target
from services.ticket.domain.local_time import local_day
from services.ticket.domain.order import State
from services.ticket.domain.transfer import TRANSFER
from services.ticket.store import conferences, documents, orders, sellers, transfers
from services.ticket.store.documents import Document
from shared.database import Database, Transaction
from shared.documents.series import Series
from shared.errors import Conflict
from shared.money import Money
from shared.service import Timer

REASONS = {
    "en": {"lapsed": "The order was not paid in time.", "cancelled": "The order was cancelled.", "": "Tickets were given back."},
    "de": {
        "lapsed": "Die Bestellung wurde nicht rechtzeitig bezahlt.",
        "cancelled": "Die Bestellung wurde storniert.",
        "": "Tickets wurden zurückgegeben.",
    },
}  # fmt: skip


def bill_later(tx: Transaction, order_id: str) -> None:
    """Have its documents, if there are to be any, brought up to date as soon as this transaction has committed."""
    if transfers.billing_of(tx.connection, order_id).is_asked_for:
        tx.schedule("bill_order", order_id, tx.now)


def ask_for_invoice(database: Database, order_id: str, billing: Billing) -> None:
    """A buyer wants an invoice afterwards, or one to somebody else. Raises `Conflict`, `InvalidInput`; nothing changes then."""
    with database.transaction("buyer") as tx:
        order = orders.lock_order(tx, order_id)
        if order.state not in (State.PLACED, State.PAID) or not order.total:
            raise Conflict("There is nothing to write an invoice about.", status=str(order.state))
        billing.check(order.total, order.payment_method == TRANSFER)
        transfers.save_billing(tx, order_id, billing)
        tx.schedule("bill_order", order_id, tx.now)


def bill_order(timer: Timer, tx: Transaction) -> None:
    """Issue what is missing: an invoice to a company or to who asks, a Stornorechnung, a Rechnungskorrektur."""
    order = orders.lock_order(tx, timer.subject)
    sale = sellers.sale_of(tx.connection, order.conference_id)
    billing = transfers.billing_of(tx.connection, order.order_id)
    if sale is None or not billing.is_asked_for or not billing.can_be_billed(order.total):
        return
    known = documents.documents_of(tx.connection, order.order_id)
    conference = conferences.conference_by_id(tx.connection, order.conference_id)
    sold = documents.sold(tx.connection, order.order_id, order.currency)
    person = orders.people_by_id(tx.connection, [order.buyer]).get(order.buyer)
    invoice = next((each for each in reversed(known) if each.kind == "invoice"), None)
    language = person.locale if person else str(invoice.sheet["language"]) if invoice else "en"
    name = person.name if person else str(invoice.sheet["buyer"]["name"]) if invoice else order.reference
    buyer = paper.buyer_of(billing, name, sale)
    wanted = missing(
        target(order, sold),
        [paper.items_on(each) for each in known],
        paper.items_on(invoice) if invoice else {},
        invoice is not None and invoice.sheet["buyer"] == buyer,
    )
    today = local_day(tx.now, conference.time_zone)
    for each in wanted:
        of_invoice = each.kind == "invoice"
        made_out_to = buyer if of_invoice or invoice is None else dict(invoice.sheet["buyer"])
        sheet = paper.sheet_of(order, conference, sale, made_out_to, each.items, language, of_invoice)
        total = Money(sum(item.price * count for item, count in each.items.items()), order.currency)
        reason = "" if of_invoice else REASONS[language].get(str(order.state), REASONS[language][""])
        document = Document(
            document_id=tx.ids.new("doc", tx.now),
            order_id=order.order_id,
            conference_id=order.conference_id,
            kind=each.kind,
            number="",
            issued_on=today,
            corrects="" if of_invoice or invoice is None else invoice.document_id,
            reason=reason,
            total=total,
            sheet=sheet,
        )
        known.append(documents.issue(tx, Series(sale.seller.seller_id, sale.seller.prefix, today.year), document))
    _name_postings(tx, order.order_id, known)


def _name_postings(tx: Transaction, order_id: str, issued: Sequence[Document]) -> None:
    """What was sold, or taken back, bears the number of the document that says so; one that has a number keeps it."""
    for kind, is_invoice in (("sale", True), ("reversal", False)):
        fitting = [each.number for each in issued if (each.kind == "invoice") == is_invoice]
        if fitting:
            documents.name_postings(tx, order_id, kind, fitting[-1])
