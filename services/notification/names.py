"""What rules, states and reasons are called on pages."""

from __future__ import annotations

from services.notification.domain import rule as rules
from services.notification.domain.message import State
from shared.web.i18n import N_

RULES = {
    rules.TICKET.name: N_("Ticket"),
    rules.ORDER_CONFIRMATION.name: N_("Order confirmation"),
    rules.HOW_TO_PAY.name: N_("How to pay"),
    rules.PAYMENT_DUE.name: N_("Payment due soon"),
    rules.NAMES_MISSING.name: N_("Names are missing"),
    rules.ORDER_CANCELLED.name: N_("Order cancelled"),
    rules.TICKETS_RETURNED.name: N_("Tickets given back"),
    rules.PAYMENT_FAILED.name: N_("Payment that failed"),
    rules.REFUND.name: N_("Refund"),
    rules.PRICE_RISES.name: N_("The price rises"),
    rules.CONSENT_CONFIRM.name: N_("Confirm the reminder"),
    rules.INVOICE.name: N_("Invoice"),
    rules.SPONSOR_REMINDER.name: N_("Payment reminder"),
    rules.VOUCHERS.name: N_("Vouchers"),
    rules.WAITLIST_JOINED.name: N_("On the waiting list"),
    rules.WAITLIST_OFFERED.name: N_("Offer from the waiting list"),
    rules.INVITATION.name: N_("Invitation"),
    rules.MEAL_ORDER.name: N_("Catering order"),
    rules.PLATES_DRIFTED.name: N_("Plates no longer fit"),
}
STATES = {
    State.HELD: N_("held back"),
    State.DUE: N_("waiting"),
    State.SENDING: N_("being sent"),
    State.SENT: N_("sent"),
    State.FAILED: N_("failed"),
    State.UNKNOWN: N_("unknown"),
    State.SUPPRESSED: N_("not wanted"),
}
MEANINGS = {
    State.HELD: N_("Its occasion is more than two days old, so it goes out only if you say so."),
    State.DUE: N_("It goes out by itself as soon as everything it needs is there."),
    State.SENDING: N_("It is on its way to the mail server."),
    State.SENT: N_("The mail server took it."),
    State.FAILED: N_("It did not go out and will not by itself."),
    State.UNKNOWN: N_("It was handed over and no answer came: it may have arrived. It is not repeated by itself."),
    State.SUPPRESSED: N_("Nobody is to get it any more."),
}
REASONS = {
    "old": N_("more than two days old"),
    "too_late": N_("too late to be of use"),
    "address": N_("the address is none"),
    "unanswered": N_("no answer from the mail server"),
    "erased": N_("the person is erased"),
    "void": N_("what it is about is void"),
    "withdrawn": N_("the reader took the consent back"),
    "bought": N_("the reader has a ticket already"),
    "over": N_("the news is over"),
    "not_pending": N_("there is nothing to confirm any more"),
    "no_address": N_("the conference has no shared address"),
}
