"""What the ticket service does: its table of contents.

selling.py      place_order                                       what a buyer asks for, held at the price they saw
paying.py       begin_payment, confirm_payment                    Stripe: one path for webhook, return page and sweep
refunding.py    request_refund, return_money, refund_payment      what goes back by Stripe
ending.py       end_hold, expire_session                          holds that end
calling_off.py  call_off, give_next_back                          everybody gets everything back
disputing.py    ask_dispute                                       a bank takes money back
reconciling.py  reconcile, compare_now, ask_payout                Stripe's list against the ledger, every night; fees, payouts
cancelling.py   quote, cancel_order                               orders and tickets that are given back
transfers.py    receive_transfer, confirm_bank, end_transfer      bank transfers: matched, in time, or lapsed
documents.py    bill_order, ask_for_invoice                       invoices and what corrects them
payback.py      ask_back, see_refund, finish_refund               what goes back by transfer
conferences.py  open_conference, change_conference, move_tier_end, turn_tier, announce_tier_end
vouchers.py     issue_vouchers, make_vouchers, revoke_lot ...     a sponsor's package reaches the shop, a partner's raffle too
holders.py      correct_name, transfer_admission, resend_ticket, ask_for_links
students.py     see_student_id, refuse_student                   ids at the door; none is kept
inviting.py     invite, revoke_invitation, name_guests ...        helpers, speakers, guests, hosts by a personal link
waiting.py      join_waitlist, serve_waitlist, offer_now ...     what comes back is offered in order
admitting.py    check_in, undo_check_in, make_pass, change_points  the door
names.py        ask_for_names                                     attendees whom a company names later
people.py       erase_people, erase_from_order, erase_address
"""

from collections.abc import Mapping

from services.ticket.handlers.calling_off import call_off, give_next_back
from services.ticket.handlers.cancelling import Quote, cancel_order, quote
from services.ticket.handlers.conferences import (
    announce_tier_end,
    change_conference,
    move_tier_end,
    open_conference,
    turn_tier,
)
from services.ticket.handlers.context import Context, record_staff_act
from services.ticket.handlers.disputing import ask_dispute
from services.ticket.handlers.documents import ask_for_invoice, bill_order
from services.ticket.handlers.ending import end_hold, expire_session
from services.ticket.handlers.holders import (
    Holder,
    ask_for_links,
    correct_name,
    find_links,
    forget_holder,
    resend_ticket,
    tell_holders,
    transfer_admission,
)
from services.ticket.handlers.names import ask_for_names
from services.ticket.handlers.payback import finish_refund, mark_exported, name_payee, see_refund
from services.ticket.handlers.paying import (
    ask_stripe,
    begin_payment,
    confirm_payment,
    record_webhook,
    return_from_stripe,
)
from services.ticket.handlers.people import erase_address, erase_from_order, erase_people, forget_recipient
from services.ticket.handlers.reconciling import ask_payout, compare_now, reconcile
from services.ticket.handlers.refunding import ask_refund, refund_payment
from services.ticket.handlers.selling import AttendeeWish, OrderWish, Placed, place_order
from services.ticket.handlers.transfers import confirm_bank, end_transfer, receive_transfer, record_by_hand
from services.ticket.handlers.vouchers import end_vouchers, issue_vouchers, make_vouchers, revoke_lot, revoke_vouchers
from services.ticket.handlers.waiting import join_waitlist, leave_waitlist, offer_now, serve_waitlist
from shared.events import Event
from shared.events.sponsorship import (
    BankConfirmed,
    BenefitGranted,
    BenefitRevoked,
    RefundTransferred,
    TransferMatched,
)
from shared.service import ErrandHandler, Projection, Reaction, TimerHandler

PROJECTIONS: Mapping[type[Event], Projection] = {}

REACTIONS: Mapping[type[Event], Reaction] = {
    BenefitGranted: issue_vouchers,
    BenefitRevoked: revoke_vouchers,
    TransferMatched: receive_transfer,
    BankConfirmed: confirm_bank,
    RefundTransferred: see_refund,
}

TIMERS: Mapping[str, TimerHandler] = {
    "end_hold": end_hold,
    "call_off": give_next_back,
    "end_transfer": end_transfer,
    "bill_order": bill_order,
    "ask_for_names": ask_for_names,
    "turn_tier": turn_tier,
    "announce_tier_end": announce_tier_end,
    "end_vouchers": end_vouchers,
    "find_links": find_links,
    "forget_holder": forget_holder,
    "forget_recipient": forget_recipient,
    "tell_holders": tell_holders,
    "serve_waitlist": serve_waitlist,
}

ERRANDS: Mapping[str, ErrandHandler] = {
    "ask_stripe": ask_stripe,
    "expire_session": expire_session,
    "refund_payment": refund_payment,
    "ask_dispute": ask_dispute,
    "reconcile": reconcile,
    "ask_payout": ask_payout,
    "ask_refund": ask_refund,
}

__all__ = [
    "ask_for_invoice",
    "ERRANDS",
    "PROJECTIONS",
    "REACTIONS",
    "TIMERS",
    "AttendeeWish",
    "Context",
    "Holder",
    "OrderWish",
    "Placed",
    "Quote",
    "ask_for_links",
    "begin_payment",
    "call_off",
    "cancel_order",
    "change_conference",
    "compare_now",
    "confirm_payment",
    "correct_name",
    "erase_address",
    "erase_from_order",
    "erase_people",
    "finish_refund",
    "join_waitlist",
    "leave_waitlist",
    "make_vouchers",
    "mark_exported",
    "move_tier_end",
    "name_payee",
    "offer_now",
    "open_conference",
    "place_order",
    "quote",
    "record_by_hand",
    "record_staff_act",
    "record_webhook",
    "resend_ticket",
    "return_from_stripe",
    "revoke_lot",
    "transfer_admission",
]
