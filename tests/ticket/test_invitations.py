"""Invitations: by list or one by one, personal links that can be revoked, a free admission or a reduced one."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.ticket.domain.conference import TypePlan
from services.ticket.domain.invitation import Invitee, read_invitees
from services.ticket.handlers.inviting import invite, revoke_invitation
from services.ticket.mail import KINDS
from services.ticket.store import invitations
from services.ticket.web import Desk
from shared.errors import Conflict, Gone, InvalidInput
from shared.events import StaffActed
from shared.events.ticketing import AdmissionIssued, InvitationSent
from tests.ticket.stage import Stage, euros, make_plan
from tests.ticket.test_staff_pages import send, staff_browser

PLAN = make_plan()
WITH_HOSTS = make_plan(
    types=(*PLAN.types, TypePlan("helper", "Helper", "Helfer"), TypePlan("host", "Host", "Gastgeber"))
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, plan=WITH_HOSTS)
    yield made
    assert made.problems() == []
    made.close()


def rows(stage: Stage) -> list[Any]:
    with stage.database.reading() as connection:
        return invitations.invitations_of(connection, stage.conference.conference_id)


def link_of(stage: Stage, invitation_id: str) -> str:
    """As it stands in the mail."""
    mail = KINDS["invitation"](Desk(stage.runtime, stage.context), invitation_id)
    return str(mail["links"]["invitation"]).removeprefix("http://localhost")


def fields(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def page_of(stage: Stage) -> str:
    return f"/organise/{stage.conference.conference_id}/invitations"


def test_a_list_is_invited_and_each_link_leads_to_a_free_ticket(stage: Stage) -> None:
    browser, at = staff_browser(stage), page_of(stage)
    people = "name;email;language\nAda;ada@example.org;de\nBob;bob@example.org;\n"
    form = {"admission_type": "helper", "kind": "free", "people": people}
    assert send(browser, at, form).status_code == 303
    assert len(stage.said(InvitationSent)) == 2
    guest = stage.browser()
    link = link_of(stage, rows(stage)[0].invitation_id)
    page = guest.get(link).get_data(as_text=True)
    assert "Ada, you are invited" in page
    onward = guest.post(link.split("?")[0], data=fields(page))
    assert (onward.status_code, onward.headers["Location"]) == (307, "/searchlight/")
    shop = guest.post("/searchlight/", data=fields(page)).get_data(as_text=True)
    assert "Order for free" in shop
    done = guest.post("/searchlight/", data={**fields(page), "action": "order", "shown_total": "0", "consent": "yes"})
    assert done.status_code == 303
    [issued] = stage.said(AdmissionIssued)
    assert (issued.admission_type, issued.comp) == ("helper", True)
    assert "You have accepted" in guest.get(link).get_data(as_text=True)
    assert "accepted" in browser.get(at).get_data(as_text=True)
    assert [act.action for act in stage.said(StaffActed)] == ["people_invited"]
    assert "ada@example.org" not in str(stage.said(InvitationSent, StaffActed))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("name,email\nAda,ada@example.org\nBob,nowhere\n", "Line 3, email"),
        ("Ada,ada@example.org\n,bob@example.org\n", "Line 2, name"),
        ("Ada,ada@example.org\nAda again,ADA@example.org\n", "Line 2, email"),
        ("name,email,language\nAda,ada@example.org,fr\n", "Line 2, language"),
        (f"{'A' * 10_000},ada@example.org\n", "Line 1, name"),
        ("", "Line 1"),
    ],
)
def test_a_list_with_an_error_names_line_and_field_and_changes_nothing(stage: Stage, text: str, where: str) -> None:
    browser, at = staff_browser(stage), page_of(stage)
    answer = send(browser, at, {"admission_type": "helper", "kind": "free", "people": text})
    assert answer.status_code == 422
    assert where in answer.get_data(as_text=True)
    assert rows(stage) == []
    assert stage.said(InvitationSent) == []


def test_a_file_is_read_as_well_as_lines_also_from_right_to_left_and_with_emoji(stage: Stage) -> None:
    browser, at = staff_browser(stage), page_of(stage)
    token = fields(browser.get(at).get_data(as_text=True))["csrf_token"]
    file = io.BytesIO("\ufeffname,email\nمريم 🦊,maryam@example.org\n".encode())
    data = {"csrf_token": token, "admission_type": "helper", "kind": "free", "file": (file, "people.csv")}
    assert browser.post(at, data=data).status_code == 303
    assert [row.name for row in rows(stage)] == ["مريم 🦊"]


def test_titles_may_stand_in_any_order() -> None:
    assert read_invitees("email,name\nada@example.org,Ada\n") == [Invitee("Ada", "ada@example.org")]
    with pytest.raises(InvalidInput):
        read_invitees('"Ada,ada@example.org')


def test_a_revoked_invitation_leads_nowhere_and_is_not_mailed(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        [made] = invite(tx, stage.conference, [Invitee("Ada", "ada@example.org")], "helper")
    link = link_of(stage, made.invitation_id)
    browser, at = staff_browser(stage), page_of(stage)
    assert send(browser, f"{at}/{made.invitation_id}/revoke", {}, at).status_code == 303
    assert "not valid any more" in stage.browser().get(link).get_data(as_text=True)
    with pytest.raises(Gone):
        link_of(stage, made.invitation_id)
    with pytest.raises(InvalidInput):
        stage.order("helper", voucher=made.code)


def test_an_invitation_that_was_accepted_is_not_revoked(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        [made] = invite(tx, stage.conference, [Invitee("Ada", "ada@example.org")], "helper")
    stage.order("helper", voucher=made.code)
    with pytest.raises(Conflict), stage.database.transaction() as tx:
        revoke_invitation(tx, stage.conference.conference_id, made.invitation_id)


def test_a_wrong_key_opens_nobodys_invitation(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        one, other = invite(
            tx, stage.conference, [Invitee("Ada", "ada@example.org"), Invitee("Bob", "bob@example.org")], "helper"
        )
    key = link_of(stage, other.invitation_id).partition("?")[2]
    assert stage.browser().get(f"/invited/{one.invitation_id}?{key}").status_code == 404
    assert stage.browser().get(f"/invited/{one.invitation_id}").status_code == 404


def test_a_host_pays_a_reduced_price_and_takes_at_most_20_guests(stage: Stage) -> None:
    browser, at = staff_browser(stage), page_of(stage)
    form = {"admission_type": "host", "kind": "fixed", "price": "25.00", "people": "Ada,ada@example.org"}
    assert send(browser, at, form).status_code == 303
    link = link_of(stage, rows(stage)[0].invitation_id)
    guest = stage.browser()
    page = guest.get(link).get_data(as_text=True)
    assert guest.post(link.split("?")[0], data={**fields(page), "guests": "21"}).status_code == 422
    assert guest.post(link.split("?")[0], data={**fields(page), "guests": "20"}).status_code == 307
    assert rows(stage)[0].guests == 20
    order = stage.order("host", voucher=rows(stage)[0].code)
    assert order.placed.total == euros(25)


def test_an_invitation_is_mailed_again_when_staff_ask_for_it(stage: Stage) -> None:
    with stage.database.transaction() as tx:
        [made] = invite(tx, stage.conference, [Invitee("Ada", "ada@example.org")], "helper")
    browser, at = staff_browser(stage), page_of(stage)
    assert send(browser, f"{at}/{made.invitation_id}/again", {}, at).status_code == 303
    assert len(stage.said(InvitationSent)) == 2
