"""Staff at the door: joining, signing in and out, roles, tokens."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from services.console.app import first_link
from services.console.domain import account
from shared.events import StaffActed
from shared.log import TopicPartition
from tests.console.stage import NOW, PASSWORD, Stage, opened, post


def test_the_first_link_makes_one_account_with_all_roles(stage: Stage) -> None:
    link = first_link(stage.runtime)
    assert link and link.startswith("http://127.0.0.1:8000/staff/join/")
    client = stage.app.test_client()
    answer = stage.join(client, link)
    assert answer.status_code == 303 and answer.location == "/staff"
    assert client.get("/staff/people").status_code == 200
    assert first_link(stage.runtime) is None
    assert stage.app.test_client().get(link).status_code == 410, "it works once"


def test_a_second_start_prints_a_new_link_and_the_old_one_ends(stage: Stage) -> None:
    old, new = first_link(stage.runtime), first_link(stage.runtime)
    client = stage.app.test_client()
    assert old and new
    assert client.get(old).status_code == 410 and client.get(new).status_code == 200
    stage.pass_time(timedelta(hours=24))
    assert client.get(new).status_code == 410


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "short"),
        ("x" * 201, "long"),
        ("aaaaaaaaaaaaaa", "guessable"),
        ("ada@example.org", "guessable"),
        (PASSWORD, ""),
    ],
)
def test_a_password_is_long_and_not_a_name(password: str, problem: str) -> None:
    assert account.weakness(password, "Ada", "ada@example.org") == problem


def test_a_form_that_is_wrong_says_where_and_keeps_what_was_typed(stage: Stage) -> None:
    link = first_link(stage.runtime)
    assert link
    client, path = stage.app.test_client(), link.removeprefix("http://127.0.0.1:8000")
    answer = post(client, path, path, name="Ada", email="no address", password="short", again="short")
    assert answer.status_code == 422
    assert 'value="no address"' in answer.text and 'id="email-wrong"' in answer.text and "short" not in answer.text
    assert (
        post(client, path, path, name="Ada", email="ada@example.org", password="short", again="short").status_code
        == 422
    )
    assert client.get(path).status_code == 200, "the link is still good"


def test_signing_in_leads_to_where_one_wanted_to_go(stage: Stage) -> None:
    stage.organiser()
    client = stage.app.test_client()
    assert client.get("/staff/health").location == "/staff/sign-in?next=%2Fstaff%2Fhealth"
    form = {"email": "Ada@Example.org", "password": PASSWORD}
    answer = post(client, "/staff/sign-in", "/staff/sign-in", next="/staff/audit", **form)
    assert answer.status_code == 303 and answer.location == "/staff/audit"
    away = post(stage.app.test_client(), "/staff/sign-in", "/staff/sign-in", next="//evil.example", **form)
    assert away.location == "/staff"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(stage: Stage) -> None:
    stage.organiser()
    client = stage.app.test_client()
    answers = [
        post(client, "/staff/sign-in", "/staff/sign-in", email=email, password="wrong wrong wrong")
        for email in ("ada@example.org", "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    said = [re.search(r'<div class="notice wrong".*?</div>', answer.text, re.S) for answer in answers]
    assert said[0] and said[1] and said[0][0] == said[1][0]


def test_too_many_tries_have_to_wait_and_are_forgotten_in_time(stage: Stage) -> None:
    stage.organiser()
    client = stage.app.test_client()

    def attempt(password: str) -> int:
        form = {"email": "ada@example.org", "password": password}
        return int(post(client, "/staff/sign-in", "/staff/sign-in", **form).status_code)

    assert [attempt("wrong wrong wrong") for _ in range(6)] == [401] * 5 + [429]
    assert attempt(PASSWORD) == 429, "also with the right one"
    stage.pass_time(timedelta(minutes=16))
    assert attempt(PASSWORD) == 303


def test_a_token_lasts_fifteen_minutes_and_is_renewed_while_the_session_stands(stage: Stage) -> None:
    client = stage.organiser()
    stage.pass_time(timedelta(minutes=16))
    assert client.get("/staff/people").location == "/staff/renew?next=%2Fstaff%2Fpeople"
    assert client.get("/staff/people", follow_redirects=True).status_code == 200
    stage.pass_time(timedelta(hours=2))
    assert client.get("/staff/people", follow_redirects=True).request.path == "/staff/sign-in", "idle too long"


def test_a_session_ends_after_twelve_hours_however_busy(stage: Stage) -> None:
    client = stage.organiser()
    for _ in range(7):
        stage.pass_time(timedelta(minutes=100))
        assert client.get("/staff/people", follow_redirects=True).request.path == "/staff/people"
    stage.pass_time(timedelta(minutes=100))
    assert client.get("/staff/people", follow_redirects=True).request.path == "/staff/sign-in"


def test_a_page_that_renews_itself_keeps_no_session_alive(stage: Stage) -> None:
    client, by_itself = stage.organiser(), {"HX-Request": "true"}
    for _ in range(7):
        stage.pass_time(timedelta(minutes=16))
        assert client.get("/staff", headers=by_itself, follow_redirects=True).status_code == 200
    stage.pass_time(timedelta(minutes=16))
    answer = client.get("/staff", headers=by_itself, follow_redirects=True)
    assert answer.status_code == 401 and answer.headers["HX-Redirect"] == "/staff/sign-in?next=%2Fstaff"


def test_a_form_on_its_way_survives_the_renewal(stage: Stage) -> None:
    client = stage.organiser()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/staff/tokens").text)
    assert token
    stage.pass_time(timedelta(minutes=20))
    form = {"csrf_token": token[1], "name": "our website"}
    away = client.post("/staff/tokens", data=form)
    assert away.status_code == 307, "a browser sends the form again, as it was"
    renewed = client.post(away.location, data=form)
    assert renewed.status_code == 307 and renewed.location == "/staff/tokens"
    assert "our website" in client.post(renewed.location, data=form).text


def test_signing_out_ends_the_session(stage: Stage) -> None:
    client = stage.organiser()
    assert post(client, "/staff/people", "/staff/sign-out").status_code == 200
    assert client.get("/staff").status_code == 302
    assert client.get("/staff/renew").location.startswith("/staff/sign-in")


def test_who_is_invited_gets_these_roles_and_no_others(stage: Stage) -> None:
    organiser = stage.organiser()
    stage.say("ticket", opened(), opened(conference_id="con_2", slug="other", name="Other", tiers=()))
    stage.settle()
    assert post(organiser, "/staff/people", "/staff/people", conference="con_1").status_code == 422, "no role"
    page = post(organiser, "/staff/people", "/staff/people", conference="con_1", role=["check_in"]).text
    link = re.search(r"http://[^<\s]+/staff/join/[^<\s]+", page)
    assert link
    desk = stage.app.test_client()
    assert stage.join(desk, link[0], "Ben", "ben@example.org").status_code == 303
    overview = desk.get("/staff").text
    assert "How many will eat?" in overview and "Who owes us what?" not in overview and "Other" not in overview
    assert desk.get("/staff/people").status_code == 403
    assert desk.get("/staff/health").status_code == 403


def test_a_closed_account_is_out_when_its_token_is_over(stage: Stage) -> None:
    organiser = stage.organiser()
    page = post(organiser, "/staff/people", "/staff/people", conference="*", role=["finance"]).text
    link = re.search(r"http://[^<\s]+/staff/join/[^<\s]+", page)
    assert link
    finance = stage.app.test_client()
    stage.join(finance, link[0], "Cleo", "cleo@example.org")
    row = re.search(r"<td>Cleo<br>.*?action=\"([^\"]+)\"", organiser.get("/staff/people").text, re.S)
    assert row
    assert post(organiser, "/staff/people", row[1]).status_code == 303
    stage.pass_time(timedelta(minutes=16))
    assert finance.get("/staff", follow_redirects=True).request.path == "/staff/sign-in"
    form = {"email": "cleo@example.org", "password": PASSWORD}
    assert post(finance, "/staff/sign-in", "/staff/sign-in", **form).status_code == 401


def test_the_last_organiser_cannot_be_shut_out(stage: Stage) -> None:
    organiser = stage.organiser()
    row = re.search(r'action="(/staff/people/[^"]+/revocation)"', organiser.get("/staff/people").text)
    assert row
    answer = post(organiser, "/staff/people", row[1])
    assert answer.status_code == 409 and "invite another one first" in answer.text


def test_two_accounts_never_share_an_address(stage: Stage) -> None:
    organiser = stage.organiser()
    page = post(organiser, "/staff/people", "/staff/people", conference="*", role=["finance"]).text
    link = re.search(r"http://[^<\s]+/staff/join/[^<\s]+", page)
    assert link
    answer = stage.join(stage.app.test_client(), link[0], "Ada Two", "ADA@example.org")
    assert answer.status_code == 422 and "account with this address" in answer.text


def test_what_staff_did_is_in_the_audit_trail_without_addresses(stage: Stage) -> None:
    client = stage.organiser()
    post(client, "/staff/tokens", "/staff/tokens", name="our website")
    stage.settle()
    page = client.get("/staff/audit").text
    for words in ("joined the staff", "signed in", "made an API token", "Ada"):
        assert words in page
    records = [r.value for p in range(4) for r in stage.runtime.log.read(TopicPartition("console.staff", p), 0)]
    assert records and all(b"example.org" not in value and b"Ada" not in value for value in records)
    assert {json.loads(value)["data"]["action"] for value in records} == {"joined", "signed_in", "made_api_token"}
    assert NOW.strftime("%Y") in page


def test_the_audit_trail_is_read_page_by_page(stage: Stage) -> None:
    client = stage.organiser()
    acts = [
        StaffActed(staff_id="stf_x", action=f"did_{n}", subject="ord_1", facts={"reason": "rain"}) for n in range(120)
    ]
    stage.say("ticket", *acts, actor="console:stf_x")
    stage.settle()
    found: list[str] = []
    address = "/staff/audit"
    for _ in range(4):
        page = client.get(address).text
        found += re.findall(r"did (\d+)<br>", page)
        older = re.search(r'href="(\?before=[^"&]+)"', page)
        if not older:
            break
        address = f"/staff/audit{older[1]}"
    assert sorted(map(int, found)) == list(range(120))
    assert client.get("/staff/audit?before=nonsense").status_code == 422
