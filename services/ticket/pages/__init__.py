"""Pages for people: the routes as one table.

shop.py     conferences, the shop, legal texts        orders.py     hold, payment, tickets, cancellation
form.py     the order form, its contents kept         holders.py    a ticket's holder: name, transfer, lost links
admissions.py the page behind the code on a ticket    data.py       one's own data: read, take along, erase
door.py     check-in: scan, look up, undo, count
"""

from collections.abc import Callable
from typing import Any

from flask import Flask

from services.ticket.pages import admissions, data, door, holders, invited, orders, papers, shop, waiting
from shared.documents.reference import in_fours

ROUTES: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
    ("/", "conferences", "GET", shop.list_conferences),
    ("/favicon.ico", "favicon", "GET", shop.show_icon),
    ("/<slug>/", "shop", "GET", shop.show_shop),
    ("/<slug>/", "order", "POST", shop.order),
    ("/<slug>/legal/<kind>", "legal", "GET", shop.show_legal),
    ("/<slug>/waiting/<admission_type>", "join_page", "GET", waiting.ask_to_join),
    ("/<slug>/waiting/<admission_type>", "join", "POST", waiting.join),
    ("/invited/<invitation_id>", "invited_page", "GET", invited.show_invitation),
    ("/invited/<invitation_id>", "accept", "POST", invited.accept),
    ("/waiting/<entry_id>", "waiting_page", "GET", waiting.show_entry),
    ("/waiting/<entry_id>/leave", "leave_line", "POST", waiting.leave),
    ("/pay/<reference>", "pay", "GET", orders.pay),
    ("/orders/<reference>", "order_page", "GET", orders.show_order),
    ("/orders/<reference>/return", "order_return", "GET", orders.come_back),
    ("/orders/<reference>/tickets.pdf", "tickets_pdf", "GET", orders.download_tickets),
    ("/orders/<reference>/documents/<document_id>.pdf", "document_pdf", "GET", papers.download_document),
    ("/orders/<reference>/receipt.pdf", "receipt_pdf", "GET", papers.download_receipt),
    ("/orders/<reference>/invoice", "invoice_form", "GET", papers.show_form),
    ("/orders/<reference>/invoice", "ask_for_invoice", "POST", papers.ask),
    ("/orders/<reference>/cancel", "cancel_page", "GET", orders.ask_to_cancel),
    ("/orders/<reference>/cancel", "cancel", "POST", orders.cancel),
    ("/<slug>/lost-link", "lost_link", "GET", holders.show_lost),
    ("/<slug>/lost-link", "find_links", "POST", holders.find_lost),
    ("/tickets/<admission_id>", "ticket", "GET", holders.show_ticket),
    ("/tickets/<admission_id>/ticket.pdf", "holder_pdf", "GET", holders.download),
    ("/tickets/<admission_id>/conference.ics", "holder_ics", "GET", holders.download_entry),
    ("/tickets/<admission_id>/name", "ticket_name", "GET", holders.show_name),
    ("/tickets/<admission_id>/name", "ticket_rename", "POST", holders.save_name),
    ("/tickets/<admission_id>/transfer", "ticket_transfer_page", "GET", holders.show_transfer),
    ("/tickets/<admission_id>/transfer", "ticket_transfer", "POST", holders.transfer),
    ("/tickets/<admission_id>/resend", "ticket_resend", "POST", holders.resend),
    ("/tickets/<admission_id>/data", "ticket_data", "GET", data.show_of_ticket),
    ("/tickets/<admission_id>/data.json", "ticket_data_file", "GET", data.take_of_ticket),
    ("/tickets/<admission_id>/erase", "ticket_erase", "POST", data.erase_of_ticket),
    ("/orders/<reference>/data", "order_data", "GET", data.show_of_order),
    ("/orders/<reference>/data.json", "order_data_file", "GET", data.take_of_order),
    ("/orders/<reference>/erase", "order_erase", "POST", data.erase_of_order),
    ("/door/enter/<token>", "door_enter", "GET", door.enter),
    ("/door/leave", "door_leave", "POST", door.leave),
    ("/door/", "door", "GET", door.show_door),
    ("/door/<any(door, worker):name>.js", "door_script", "GET", door.send_script),
    ("/door/scan", "door_scan", "POST", door.scan),
    ("/door/undo", "door_undo", "POST", door.undo),
    ("/door/sale", "door_sale", "GET", door.show_sale),
    ("/door/count", "door_count", "GET", door.show_count),
    ("/admissions/<token>", "admission", "GET", admissions.show_admission),
    ("/admissions/<token>/ticket.pdf", "ticket_pdf", "GET", admissions.download_ticket),
    ("/admissions/<token>/ticket.ics", "ticket_ics", "GET", admissions.download_entry),
)


def install(app: Flask) -> None:
    for rule, name, method, view in ROUTES:
        app.add_url_rule(rule, name, view, methods=[method])
    app.jinja_env.filters["in_fours"] = in_fours
