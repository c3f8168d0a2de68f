"""A mail as bytes: multipart text and HTML, attachments, and headers that nobody's name can break out of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from shared.errors import InvalidInput
from shared.web.i18n import N_

_HEADERS_UNFOLDED = policy.SMTP.clone(max_line_length=990)
"""Longer than any link of ours: folding a line, Python would encode a long link as a word, and no mail program undoes that."""
_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\\\"]+@[^@\s<>()\[\],;:\\\"]+\.[^@\s<>()\[\],;:\\\".]+")
_SPACES = re.compile(r"[^\S\xa0\u202f]+")
"""All white space but the kinds that hold an amount and its currency together."""
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """Everything a mail consists of. `sender` is `Name <address>`; `headers` come on top of those that every mail has."""

    sender: str
    to_name: str
    to_address: str
    reply_to: str
    subject: str
    text: str
    html: str
    mime_id: str
    written_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()


def one_line(text: str, limit: int = 200) -> str:
    """The text without line breaks, control and direction characters, cut to `limit`."""
    visible = "".join(" " if unicodedata.category(c) in _HIDDEN else c for c in text)
    return _SPACES.sub(" ", visible).strip()[:limit].rstrip()


def clean_address(text: str) -> str:
    """A mail address that SMTP can carry: its domain in ASCII. Raises `InvalidInput` for anything else."""
    text = text.strip()
    if len(text) > 254 or not _ADDRESS.fullmatch(text):
        raise InvalidInput(N_("This is no mail address: it looks like name@example.org."))
    local, _, domain = text.rpartition("@")
    try:
        address = f"{local}@{domain.encode('idna').decode()}"
        Address(addr_spec=address)
        address.encode("ascii")
    except (UnicodeError, ValueError, IndexError) as error:
        raise InvalidInput(N_("Mail cannot be sent to this address: use one in Latin letters.")) from error
    return address


def make_mime_id(message_id: str, tries: int, sender: str) -> str:
    """The Message-ID of one attempt."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "stagedoor.invalid"
    return f"<{message_id}.{tries}@{domain}>"


def build(mail: Mail) -> EmailMessage:
    """The mail, ready to send. Raises `InvalidInput` where an address is none."""
    message = EmailMessage(policy=policy.SMTP)
    name, address = parseaddr(mail.sender)
    message["From"] = Address(display_name=one_line(name), addr_spec=clean_address(address))
    message["To"] = Address(display_name=one_line(mail.to_name), addr_spec=clean_address(mail.to_address))
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=clean_address(mail.reply_to))
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(mail.written_at)
    message["Message-ID"] = mail.mime_id
    message["Auto-Submitted"] = "auto-generated"
    for header, value in mail.headers.items():
        message[header] = one_line(value, 900)
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    for attachment in mail.attachments:
        main, _, sub = attachment.content_type.partition(";")[0].partition("/")
        message.add_attachment(
            attachment.content,
            maintype=main or "application",
            subtype=sub or "octet-stream",
            filename=one_line(attachment.filename, 100).replace("/", "-"),
        )
    return message


def as_bytes(message: EmailMessage) -> bytes:
    """What goes over the wire: CRLF line ends, ASCII only."""
    return message.as_bytes(policy=_HEADERS_UNFOLDED)
