"""Handing mails to a server: TLS, passwords, and whose fault it is when it does not work."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.notification.mailer import Mailbox, SmtpMailer, Unanswered, Undeliverable, make_mailer
from shared.errors import Unavailable
from tests.fixtures.smtp import MailServer

MAIL = b"Subject: Hello\r\n\r\nHello\r\n"
USER, PASSWORD = "stage@door", "p:ss/w@rd"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    extra = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *extra], check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + key.read_text())
    return certificate


@contextmanager
def listening(server: MailServer) -> Iterator[MailServer]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def context(certificate: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    return made


def deliver(url: str) -> None:
    SmtpMailer(url, timeout=5).deliver("tickets@example.org", "ada@example.org", MAIL)


def test_a_password_is_given_over_tls_where_the_server_offers_it(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with listening(MailServer(tls=context(certificate), password=(USER, PASSWORD))) as server:
        deliver(f"smtp://stage%40door:p%3Ass%2Fw%40rd@127.0.0.1:{server.port}")
        assert (server.logins, len(server.mails)) == (["over TLS"], 1)


def test_tls_from_the_start(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with listening(MailServer(tls=context(certificate), tls_at_once=True)) as server:
        deliver(f"smtps://127.0.0.1:{server.port}")
        assert len(server.mails) == 1


def test_a_server_with_a_certificate_that_nobody_vouches_for_gets_nothing(certificate: Path) -> None:
    with listening(MailServer(tls=context(certificate))) as server:
        with pytest.raises(Unavailable):
            deliver(f"smtp://127.0.0.1:{server.port}")
        assert server.seen == 0


def test_where_tls_is_required_nothing_is_sent_without() -> None:
    with listening(MailServer()) as server:
        with pytest.raises(Unavailable, match="STARTTLS"):
            deliver(f"smtp://127.0.0.1:{server.port}?starttls=required")
        assert server.seen == 0


def test_a_wrong_password_or_a_refused_sender_is_our_fault_and_no_mail_fails_for_it() -> None:
    with listening(MailServer(password=(USER, PASSWORD))) as server, pytest.raises(Unavailable):
        deliver(f"smtp://someone:else@127.0.0.1:{server.port}")
    with listening(MailServer(refuses_sender=True)) as server, pytest.raises(Unavailable):
        deliver(server.url)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        deliver("smtp://127.0.0.1:1")


def test_one_session_serves_many_mails_and_a_lost_one_is_replaced() -> None:
    with listening(MailServer(faults=["drop_after_data", "refuse"])) as server:
        mailer = SmtpMailer(server.url, timeout=5)
        with pytest.raises(Unanswered):
            mailer.deliver("tickets@example.org", "ada@example.org", MAIL)
        with pytest.raises(Undeliverable):
            mailer.deliver("tickets@example.org", "ada@example.org", MAIL)
        for _ in range(3):
            mailer.deliver("tickets@example.org", "ada@example.org", MAIL)
        assert len(server.mails) == 3
        assert server.connections == 3


def test_what_a_server_says_about_a_recipient_is_not_repeated() -> None:
    with listening(MailServer(faults=["refuse"])) as server, pytest.raises(Undeliverable) as refused:
        deliver(server.url)
    assert str(refused.value) == "The mail server refused RCPT: 550 5.1.1"


def test_without_a_server_mails_stay_in_the_mailbox() -> None:
    assert isinstance(make_mailer(""), Mailbox)
    assert make_mailer("").keeps_attachments and not make_mailer("smtp://127.0.0.1").keeps_attachments
