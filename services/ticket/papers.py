"""Documents as PDF: invoices with EN 16931 inside PDF/A-3, and the receipt that everybody gets. For the worker: it sets type."""

from __future__ import annotations

from pathlib import Path

from services.ticket.domain.documents import add_up, target
from services.ticket.domain.local_time import local_day
from services.ticket.domain.order import State
from services.ticket.paper import BY, items_on, paper_of
from services.ticket.store import documents
from services.ticket.views import OrderView
from services.ticket.web import Desk
from shared.errors import Gone, Unavailable
from shared.money import Money, total
from shared.web.i18n import catalog, day, money

FOLDER = Path(__file__).parent
RECEIPT = FOLDER / "templates" / "receipt.typ"


def document_pdf(at: Desk, document_id: str) -> bytes:
    """Set once and kept: the same bytes whoever asks, and whenever. Raises `NotFound`."""
    from shared.documents.einvoice import render_invoice

    database = at.context.database
    with database.reading() as connection:
        document = documents.load_document(connection, document_id)
        kept = documents.pdf_of(connection, document_id)
        corrected = documents.load_document(connection, document.corrects) if document.corrects else None
    if kept is not None:
        return kept
    pdf = render_invoice(paper_of(document, corrected)).pdf
    with database.transaction() as tx:
        documents.keep_pdf(tx, document_id, pdf)
    with database.reading() as connection:
        return documents.pdf_of(connection, document_id) or pdf


def receipt_pdf(view: OrderView) -> bytes:
    """That money came, when and how. It is no invoice: it states no VAT. Raises `Gone` where nothing was paid."""
    from shared.documents.typesetting import render_typst

    return render_typst(RECEIPT, receipt_words(view), created_at=view.order.paid_at)


def receipt_words(view: OrderView) -> dict[str, object]:
    """What stands on the receipt, in the buyer's language."""
    order, conference = view.order, view.conference
    if order.paid_at is None or order.state != State.PAID or not order.total:
        raise Gone("Nothing was paid for this order.")
    language = view.buyer.locale if view.buyer else "en"
    _ = catalog(FOLDER, language).gettext
    standing = [seat for seat in order.admissions if order.admits(seat)]
    lines: dict[tuple[str, Money], int] = {}
    for seat in standing:
        key = (conference.admission_type(seat.admission_type).name(language), seat.price)
        lines[key] = lines.get(key, 0) + 1
    seller = view.sale.seller if view.sale else None
    address = [*seller.address, f"{seller.postcode} {seller.city}"] if seller else [conference.seller_address]
    return {
        "lang": language,
        "title": _("Receipt"),
        "conference": f"{conference.name}, {conference.place}",
        "seller": [seller.name if seller else conference.seller, *address],
        "lines": [[f"{count} × {name}", money(price * count, lang=language)] for (name, price), count in lines.items()],
        "total_label": _("Total"),
        "total": money(total((seat.price for seat in standing), order.currency), lang=language),
        "facts": [
            [_("Order"), order.reference],
            [_("Paid on"), day(local_day(order.paid_at, conference.time_zone), lang=language)],
            [_("Paid by"), BY[language].get(order.payment_method, order.payment_method)],
        ],
        "note": _("This is a receipt, not an invoice. You can ask for an invoice on the page of your order."),
        "demo": _("DEMO: this conference does not take place.") if conference.is_demo else "",
    }


def files_of(at: Desk, view: OrderView) -> list[tuple[str, bytes]]:
    """(name, PDF) of what belongs to an order's mail now: its newest invoice, and the receipt once it is paid.

    Raises `Unavailable` while an invoice is still to be written: the mail waits for it.
    """
    with at.context.database.reading() as connection:
        known = documents.documents_of(connection, view.order.order_id)
    invoices = [each for each in known if each.kind == "invoice"]
    if not invoices and view.awaits_invoice:
        raise Unavailable("The invoice of this order is not written yet.")
    files = [(f"{each.number}.pdf", document_pdf(at, each.document_id)) for each in invoices[-1:]]
    if view.order.state == State.PAID and view.order.total:
        files.append((f"receipt-{view.order.reference}.pdf", receipt_pdf(view)))
    return files


def corrections_of(at: Desk, view: OrderView) -> list[tuple[str, bytes]]:
    """(name, PDF) of the newest document that takes back what was invoiced; nothing where nothing was.

    Raises `Unavailable` while it is still to be written: the mail waits for it.
    """
    order = view.order
    with at.context.database.reading() as connection:
        known = documents.documents_of(connection, order.order_id)
        sold = documents.sold(connection, order.order_id, order.currency)
    if not known:
        return []
    if add_up(items_on(each) for each in known) != target(order, sold):
        raise Unavailable("What corrects the invoice of this order is not written yet.")
    corrections = [each for each in known if each.kind != "invoice"]
    return [(f"{each.number}.pdf", document_pdf(at, each.document_id)) for each in corrections[-1:]]
