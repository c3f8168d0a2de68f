"""What an invited person sees behind their personal link: what they are invited to, and the way to their ticket."""

from __future__ import annotations

import hmac

from flask import Response, redirect, render_template, request, url_for

from services.ticket.domain.invitation import MOST_DINNER_GUESTS, Invitation
from services.ticket.handlers.inviting import name_guests
from services.ticket.store import conferences, invitations, orders, vouchers
from services.ticket.web import desk
from shared.errors import NotFound
from shared.web.forms import Form

Answer = Response | tuple[str, int] | str


def show_invitation(invitation_id: str) -> Answer:
    key = request.args.get("key", "")
    return _page(_invitation(invitation_id, key), key, Form({"guests": "10"}))


def accept(invitation_id: str) -> Answer:
    """On to the shop's form, filled in, where the legal texts are agreed to; the browser sends it along."""
    key, form = request.form.get("key", ""), Form(request.form)
    invitation = _invitation(invitation_id, key)
    if invitation.asks_for_guests:
        count = form.integer("guests", highest=MOST_DINNER_GUESTS)
        if count is None:
            return _page(invitation, key, form), 422
        with desk().context.database.transaction("buyer") as tx:
            name_guests(tx, invitation_id, count)
    with desk().context.database.reading() as connection:
        slug = conferences.conference_by_id(connection, invitation.conference_id).slug
    answer = redirect(url_for("order", slug=slug), 307)
    assert isinstance(answer, Response)
    return answer


def _invitation(invitation_id: str, key: str) -> Invitation:
    """Raises `NotFound`, the same for a wrong id and a wrong key."""
    with desk().context.database.reading() as connection:
        invitation, secret = invitations.load_invitation(connection, invitation_id)
    if not key or not hmac.compare_digest(secret.encode(), key.encode()):
        raise NotFound("There is no such invitation, or the link to it is not complete.")
    return invitation


def _page(invitation: Invitation, key: str, form: Form) -> str:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, invitation.conference_id)
        person = orders.people_by_id(connection, [invitation.person]).get(invitation.person)
        voucher = vouchers.voucher_by_code(connection, invitation.conference_id, invitation.code)
    return render_template(
        "invited.html",
        conference=conference,
        invitation=invitation,
        person=person,
        type=conference.admission_type(invitation.admission_type),
        voucher=voucher,
        key=key,
        form=form,
    )
