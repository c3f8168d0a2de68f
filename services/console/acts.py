"""What staff did, in words: the actions of every service's audit entries, in the reader's language."""

from __future__ import annotations

from typing import Final

from shared.web.i18n import N_, gettext

ACTS: Final = {
    "academic_domains_changed": N_("changed the academic domains"),
    "badges_printed": N_("printed badges"),
    "cancel_invoice": N_("cancelled an invoice"),
    "caterer_named": N_("named the caterer"),
    "conference_called_off": N_("called a conference off"),
    "conference_changed": N_("changed a conference"),
    "conference_opened": N_("opened a conference"),
    "confirm_bank": N_("confirmed the bank's state"),
    "deadline_moved": N_("moved the catering deadline"),
    "define_package": N_("defined a package"),
    "define_seller": N_("defined a seller"),
    "drop_parked": N_("dropped a parked message"),
    "edition_imported": N_("imported a past edition"),
    "edition_removed": N_("removed a past edition"),
    "enter_sponsor": N_("entered a sponsor"),
    "extra_eaters_entered": N_("entered extra eaters"),
    "forecast_planned": N_("planned the forecast"),
    "invitation_revoked": N_("revoked an invitation"),
    "invitation_sent_again": N_("sent an invitation again"),
    "invited_staff": N_("invited a member of staff"),
    "joined": N_("joined the staff"),
    "links_requested": N_("asked for lost links"),
    "made_api_token": N_("made an API token"),
    "mail.released": N_("released a mail"),
    "mail.sent_again": N_("sent a mail again"),
    "meal_removed": N_("removed a meal"),
    "meal_saved": N_("saved a meal"),
    "order_amended": N_("amended the catering order"),
    "order_cancelled": N_("cancelled an order"),
    "pay_by_extended": N_("gave an order more time to pay"),
    "people_invited": N_("invited people"),
    "person_erased": N_("erased a person"),
    "person_exported": N_("exported a person's data"),
    "plates_changed": N_("changed the plates"),
    "policy_changed": N_("changed what goes back"),
    "types_changed": N_("changed the admission types"),
    "promise": N_("noted a promise to pay"),
    "record_payment": N_("recorded a payment"),
    "refund_done": N_("noted that a refund is done"),
    "refund_payee_named": N_("named the payee of a refund"),
    "refunds_exported": N_("exported refunds for the bank"),
    "release_reminder": N_("released a reminder"),
    "rest_forgiven": N_("let the rest of an order off"),
    "retry_parked": N_("had a parked message tried again"),
    "revoked_api_token": N_("revoked an API token"),
    "revoked_staff": N_("took staff rights away"),
    "seller_saved": N_("saved a seller"),
    "sign_sponsorship": N_("signed a sponsorship"),
    "signed_in": N_("signed in"),
    "signed_out": N_("signed out"),
    "ticket_requested": N_("had a ticket mailed again"),
    "invitation_sent": N_("had an invitation mailed"),
    "names_missing": N_("was reminded of missing names"),
    "stripe_compared": N_("had Stripe compared with the ledger"),
    "tier_end_moved": N_("moved the end of a tier"),
    "transfer_recorded": N_("recorded a transfer"),
    "door_pass_made": N_("made a pass for the door"),
    "door_pass_revoked": N_("revoked a pass for the door"),
    "check_in_points_changed": N_("changed the check-in points"),
    "vouchers_made": N_("made vouchers"),
    "vouchers_revoked": N_("revoked vouchers"),
    "waitlist_offered": N_("offered a place to somebody who waits"),
    "write_off": N_("wrote an invoice off"),
}


def in_words(action: str) -> str:
    """An action that this version does not know yet is shown as it was recorded."""
    return gettext(ACTS[action]) if action in ACTS else action.replace("_", " ")
