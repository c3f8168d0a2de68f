"""The worker dies by -9 in the middle of SMTP: nothing is lost, and nothing goes out twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from services.notification.app import create_worker
from services.notification.mailer import SmtpMailer
from tests.fixtures.smtp import MailServer
from tests.notification.conftest import House, admission

WORKER = """
import sys
from datetime import datetime
from services.notification.app import create_worker
from shared.clock import SimulatedClock
from shared.config import load
from shared.ids import RandomIds
from shared.internal import http_transport
from shared.log import open_log
from shared.runtime import Runtime

settings = load()
runtime = Runtime(
    settings=settings, clock=SimulatedClock(datetime.fromisoformat(sys.argv[1])), ids=RandomIds(), log=open_log(settings.log_at, "")
)
people = b'{"people": {"per_ada": {"name": "Ada", "email": "ada@example.org", "locale": "en"}}}'
runtime.transports["ticket"] = lambda method, path, body, headers: (200, people if path.endswith("/people") else b"{}")
worker = create_worker(runtime)
while worker.step():
    pass
"""


def work_until_it_dies(house: House, server: MailServer, crash_at: str) -> None:
    """Another process of the same installation does the work, armed to die."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("STAGEDOOR_")},
        "STAGEDOOR_HOME": house.runtime.settings.home,
        "STAGEDOOR_SECRET": house.runtime.settings.secret,
        "STAGEDOOR_SMTP_URL": server.url,
        "STAGEDOOR_CRASH_AT": crash_at,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    process = subprocess.run(
        [sys.executable, "-c", WORKER, house.clock.now().isoformat()], env=environment, timeout=60, capture_output=True
    )
    assert process.returncode == -signal.SIGKILL, process.stderr.decode()


@pytest.mark.parametrize(("crash_at", "read_whole"), [("smtp.in_data", 0), ("smtp.after_data", 1)])
def test_a_worker_killed_during_data_leaves_a_mail_unknown_and_never_doubles_it(
    crash_at: str, read_whole: int, house: House, mail_server: MailServer
) -> None:
    house.worker.close()
    house.hear(admission())
    work_until_it_dies(house, mail_server, crash_at)
    assert house.states() == [("ticket", "sending")], "committed before the first byte"
    house.worker = create_worker(house.runtime, SmtpMailer(mail_server.url, timeout=5))
    house.pass_time(timedelta(hours=1))
    assert house.states() == [("ticket", "unknown")]
    assert mail_server.seen == read_whole, "nobody sends it a second time"


@pytest.mark.parametrize(
    ("crash_at", "state", "mails"),
    [
        ("database.before_commit:1", "sent", 1),  # the claim is not kept: done by the next worker
        ("database.after_commit:1", "sent", 1),  # the claim ends by itself
        ("database.before_commit:2", "sent", 1),  # `sending` is not kept, and no byte has left
        ("database.after_commit:2", "unknown", 0),  # nobody can tell this from a mail that left
        ("database.before_commit:3", "unknown", 1),  # it left, and that it did is not kept
        ("database.after_commit:3", "sent", 1),
    ],
)
def test_a_worker_killed_at_any_commit_of_a_mail_never_doubles_it(
    crash_at: str, state: str, mails: int, house: House, mail_server: MailServer
) -> None:
    house.worker.close()
    house.hear(admission())
    work_until_it_dies(house, mail_server, crash_at)
    house.worker = create_worker(house.runtime, SmtpMailer(mail_server.url, timeout=5))
    house.pass_time(timedelta(hours=1))
    assert (house.states(), len(mail_server.mails)) == ([("ticket", state)], mails)
