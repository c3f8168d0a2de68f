"""Where mails leave the house: by SMTP, or into the mailbox that the browser shows. The only file with smtplib."""

from __future__ import annotations

import re
import select
import smtplib
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from shared import crash
from shared.errors import Refused, StagedoorError, Unavailable

TIMEOUT = 30.0


class Undeliverable(Refused):
    """The mail server refused this mail for good."""

    code = "undeliverable"


class Unanswered(StagedoorError):
    """The whole mail was handed over and no answer came: nobody knows whether it arrived."""

    code = "unanswered"


class Mailer(Protocol):
    """Hands a mail over. `keeps_attachments`: whether the letter that is kept for viewing is all there is."""

    keeps_attachments: bool

    def reach(self) -> None:
        """Before a letter is written: raises `Unavailable` when nothing could be handed over now."""

    def deliver(self, sender: str, recipient: str, mail: bytes) -> None:
        """Returns when it was taken. `sender` and `recipient` are bare addresses, `mail` has CRLF line ends.

        Raises `Unavailable` (not taken, try again), `Undeliverable` (not taken, and never will be), `Unanswered` (nobody knows).
        """


def make_mailer(smtp_url: str) -> Mailer:
    """The mailer for a setting: SMTP, or the mailbox when it is empty."""
    return SmtpMailer(smtp_url) if smtp_url else Mailbox()


class Mailbox:
    """No mail server: a mail has arrived when it is kept, attachments and all, for /mail/outbox."""

    keeps_attachments = True

    def reach(self) -> None:
        return None

    def deliver(self, sender: str, recipient: str, mail: bytes) -> None:
        return None


class SmtpMailer:
    """SMTP by URL: `smtp://[user:password@]host[:port]` with STARTTLS where offered, `smtps://...` with TLS from the start.

    `?starttls=required` refuses to go on without it, `?starttls=no` never asks. A password goes over TLS or to this machine only.
    Each thread keeps its session for the next mail and looks whether it still stands.
    """

    keeps_attachments = False

    def __init__(self, url: str, timeout: float = TIMEOUT) -> None:
        self._url = urlsplit(url)
        self._starttls = parse_qs(self._url.query).get("starttls", ["offered"])[0]
        self._timeout = timeout
        self._threads = threading.local()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def reach(self) -> None:
        self._session()

    def deliver(self, sender: str, recipient: str, mail: bytes) -> None:
        session = self._session()
        try:
            _ask(lambda: session.mail(sender, _options(session, mail)), "MAIL", refusal_is_ours=True)
            _ask(lambda: session.rcpt(recipient), "RCPT")
            _ask(lambda: session.docmd("DATA"), "DATA", wanted=354)
            self._hand_over(session, mail)
        except BaseException:
            self._threads.session = None
            session.close()
            raise

    def _session(self) -> smtplib.SMTP:
        """This thread's session: the one from before if it still stands, else a new one."""
        session: smtplib.SMTP | None = getattr(self._threads, "session", None)
        if session is not None:
            with suppress(OSError, smtplib.SMTPException):
                if session.noop()[0] == 250:
                    return session
            session.close()
        self._threads.session = None
        session = self._threads.session = self._connect()
        return session

    def _connect(self) -> smtplib.SMTP:
        """A session that may send. Whatever goes wrong here is about the server and us, not about the mail: `Unavailable`."""
        url = self._url
        host = url.hostname or "localhost"
        try:
            session: smtplib.SMTP
            if url.scheme == "smtps":
                session = smtplib.SMTP_SSL(host, url.port or 465, timeout=self._timeout, context=self._tls)
            else:
                session = smtplib.SMTP(host, url.port or 25, timeout=self._timeout)
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"The mail server cannot be reached: {_short(error)}") from error
        try:
            session.ehlo_or_helo_if_needed()
            secure = url.scheme == "smtps"
            if not secure and self._starttls != "no" and session.has_extn("starttls"):
                session.starttls(context=self._tls)
                session.ehlo()
                secure = True
            if not secure and self._starttls == "required":
                raise Unavailable("The mail server offers no STARTTLS, and the setting requires it.")
            if url.username:
                self._log_in(session, url, secure)
        except (OSError, smtplib.SMTPException) as error:
            session.close()
            raise Unavailable(f"The mail server does not let us in: {_short(error)}") from error
        except Unavailable:
            session.close()
            raise
        return session

    @staticmethod
    def _log_in(session: smtplib.SMTP, url: SplitResult, secure: bool) -> None:
        if not secure and url.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise Unavailable("The mail server offers no TLS, so the password is not sent to it.")
        session.login(unquote(url.username or ""), unquote(url.password or ""))

    @staticmethod
    def _hand_over(session: smtplib.SMTP, mail: bytes) -> None:
        """The body up to the final dot, then the dot: before it nobody has the mail, after it the server may."""
        body = re.sub(rb"(?m)^\.", b"..", mail)
        if not body.endswith(b"\r\n"):
            body += b"\r\n"
        try:
            session.send(body[: len(body) // 2])
            crash.point("smtp.in_data")
            session.send(body[len(body) // 2 :])
            _check_connected(session)
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"The connection broke off in the middle of the mail: {_short(error)}") from error
        try:
            session.send(b".\r\n")
            crash.point("smtp.after_data")
            code, reply = session.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Unanswered(f"The connection broke off after the mail: {_short(error)}") from error
        _judge(code, reply, "the mail")


def _check_connected(session: smtplib.SMTP) -> None:
    """Before the final dot the server has nothing to say: if it spoke or hung up, the mail is not its own yet."""
    sock = session.sock
    if sock is not None and select.select([sock], [], [], 0)[0]:
        raise smtplib.SMTPServerDisconnected("it hung up")


def _options(session: smtplib.SMTP, mail: bytes) -> list[str]:
    return [f"size={len(mail)}"] if session.has_extn("size") else []


def _ask(
    command: Callable[[], tuple[int, bytes]], what: str, *, wanted: int = 250, refusal_is_ours: bool = False
) -> None:
    """One command before the body. A refused sender is our own mistake and hits every mail, so it waits for us to mend it."""
    try:
        code, reply = command()
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"The connection broke off at {what}: {_short(error)}") from error
    if refusal_is_ours and 500 <= code < 600 and code != 552:
        raise Unavailable(f"The mail server refuses our sender: {code}", smtp=code)
    _judge(code, reply, what, wanted)


def _judge(code: int, reply: bytes, what: str, wanted: int = 250) -> None:
    """Raise what a reply means. The text of a refusal may name the recipient, so only its codes are kept."""
    if code == wanted or (wanted == 250 and code == 251):
        return
    enhanced = re.match(rb"\s*(\d\.\d{1,3}\.\d{1,3})", reply or b"")
    codes = f"{code} {enhanced[1].decode()}" if enhanced else str(code)
    if 500 <= code < 600:
        raise Undeliverable(f"The mail server refused {what}: {codes}", smtp=codes)
    raise Unavailable(f"The mail server cannot take {what} now: {codes}", smtp=codes)


def _short(error: Exception) -> str:
    """An error without the server's words, which may name people."""
    code = getattr(error, "smtp_code", None)
    if code is not None:
        return f"{type(error).__name__} {code}"
    return f"{type(error).__name__}: {error.strerror or ''}" if isinstance(error, OSError) else type(error).__name__
