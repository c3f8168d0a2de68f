"""What every page and every API answer carries, whoever made the page."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from shared.runtime import Runtime
from tests.web.conftest import make_app, make_runtime, sign_in


def test_a_page_speaks_english_and_german_as_asked(app: Flask) -> None:
    client = app.test_client()
    assert "Sign in" in client.get("/greeting").text
    assert "Anmelden" in client.get("/greeting", headers={"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}).text
    assert 'lang="de"' in client.get("/greeting?lang=de").text
    assert "Anmelden" in client.get("/greeting").text, "the choice is remembered"


def test_another_language_keeps_what_was_asked_for(app: Flask) -> None:
    page = app.test_client().get("/greeting?conference=a%26b&lang=en").text
    assert 'href="?conference=a%26b&amp;lang=de"' in page


def test_no_page_runs_or_styles_anything_inline(app: Flask) -> None:
    answer = app.test_client().get("/greeting")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", answer.text)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in answer.headers


def test_under_https_cookies_are_bound_to_the_host(tmp_path: Path) -> None:
    app = make_app(make_runtime(tmp_path, STAGEDOOR_BASE_URL="https://tickets.example.org"))
    answer = app.test_client().get("/greeting", base_url="https://tickets.example.org")
    cookie = answer.headers["Set-Cookie"]
    assert (
        cookie.startswith("__Host-session=")
        and "Secure" in cookie
        and "HttpOnly" in cookie
        and "SameSite=Lax" in cookie
    )
    assert answer.headers["Strict-Transport-Security"]


def test_a_form_without_its_token_is_refused(app: Flask) -> None:
    client = app.test_client()
    assert client.post("/greeting", data={"name": "Ada"}).status_code == 400
    token = re.search(r"csrf_token' value='([^']+)'", client.get("/greeting").text)
    assert token
    assert client.post("/greeting", data={"name": "Ada", "csrf_token": token[1]}).text == "hello Ada"


def test_a_machine_gets_a_problem_with_the_facts(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/sold-out")
    assert answer.status_code == 409 and answer.mimetype == "application/problem+json"
    assert answer.json == {
        "type": "urn:stagedoor:conflict",
        "title": "It is not possible any more",
        "status": 409,
        "detail": "Two are left at this price.",
        "left": 2,
    }
    assert app.test_client().get("/api/v1/wrong").json["errors"] == {"email": ["no address"]}  # type: ignore[index]
    assert app.test_client().get("/api/v1/nowhere").json["type"] == "urn:stagedoor:not_found"  # type: ignore[index]


def test_a_person_gets_a_page_that_says_what_happened_and_what_comes_next(app: Flask) -> None:
    answer = app.test_client().get("/sold-out", headers={"Accept": "text/html"})
    assert answer.status_code == 409 and answer.mimetype == "text/html"
    for words in ("Two are left at this price.", "Nothing was changed.", "To the front page"):
        assert words in answer.text
    assert app.test_client().get("/teapot").status_code == 418


def test_an_accident_shows_no_detail_and_a_number_to_ask_by(app: Flask) -> None:
    answer = app.test_client().get("/accident", headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"})
    assert answer.status_code == 500 and "secret" not in answer.text and "ab" * 16 in answer.text
    away = app.test_client().get("/away", headers={"Accept": "application/json"})
    assert away.status_code == 503 and "10.0.0.7" not in away.text and away.headers["Retry-After"]


def test_nobody_is_sent_elsewhere(app: Flask) -> None:
    client = app.test_client()
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil", ""):
        assert client.get("/go", query_string={"next": target}).json == {"to": "/"}, target
    assert client.get("/go?next=/staff?x=1").json == {"to": "/staff?x=1"}


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(app: Flask) -> None:
    client = app.test_client()
    answer = client.get("/staff-only/con_1?tab=2")
    assert answer.status_code == 302 and answer.location == "/staff/sign-in?next=%2Fstaff-only%2Fcon_1%3Ftab%3D2"


def test_a_role_reaches_as_far_as_it_was_given(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    client.set_cookie("stagedoor-staff", sign_in(app, runtime, {"con_1": ["organiser"], "con_2": ["finance"]}))
    answer = client.get("/staff-only/con_1")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert client.get("/staff-only/con_2").status_code == 403
    client.set_cookie("stagedoor-staff", sign_in(app, runtime, {"*": ["organiser"]}))
    assert client.get("/staff-only/con_2").status_code == 200


def test_a_token_whose_time_is_over_is_renewed_without_losing_the_form(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    client.set_cookie("stagedoor-staff", sign_in(app, runtime, {"*": ["organiser"]}))
    page = client.get("/greeting").text
    token = re.search(r"csrf_token' value='([^']+)'", page)
    assert token
    runtime.clock.advance_to(runtime.clock.now().replace(hour=10))  # type: ignore[attr-defined]
    assert client.get("/staff-only/con_1").location.startswith("/staff/renew?next=")
    sent = client.post("/staff-only/con_1", data={"csrf_token": token[1]})
    assert sent.status_code == 307 and sent.location.startswith("/staff/renew?next=")


def test_the_frame_serves_its_own_files_and_htmx(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/greeting").text
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        assert client.get(address).status_code == 200, address
    assert client.get("/livez").json == {"status": "alive"}
    assert "stagedoor_requests_total" in client.get("/metrics").text
