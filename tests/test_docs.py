"""What README and docs say is so: commands exist, examples run, tables are the code's, links lead somewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import click
import pytest
from werkzeug.test import Client

from infra import docs
from infra.cli import main
from services.console import accounts
from services.console.app import SERVICE as CONSOLE
from shared.events import TOPICS
from shared.log import Message
from shared.web.staff import Staff
from tests.browser.house import NOW, House, Show
from tests.fixtures.servers import KafkaServer, fresh_prefix

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def names(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """A house on loopback with the conference that the documents speak of."""
    house = House(tmp_path_factory.mktemp("docs"), NOW)
    yield house.open("searchlight", "Searchlight 2027")
    house.close()


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(page.read_text()):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """Where links into a page may lead, as forges make them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_every_command_exists(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = [*re.findall(r"`([^`\n]+)`", BLOCK.sub("", text)), *code_lines(text)]
    wrong = []
    for line in shown:
        words = line.split("#")[0].split()
        if words[:1] == ["make"]:
            wrong += [
                line for word in words[1:] if "=" not in word and not word.startswith("[") and word not in targets
            ]
        elif words and words[0] in ("stagedoor", "./stagedoor") and not is_command(words[1:]):
            wrong.append(line)
    assert wrong == []


def code_lines(text: str) -> Iterator[str]:
    for kind, _, body in BLOCK.findall(re.sub(r"^```\n", "```sh\n", text, flags=re.MULTILINE)):
        if kind in ("sh", "bash", "console"):
            yield from (line.strip().removeprefix("$ ") for line in body.splitlines())


def is_command(words: list[str]) -> bool:
    command: click.Command | None = main
    for word in words:
        if not isinstance(command, click.Group):
            return True  # what follows are its arguments
        if word.startswith("-"):
            return True
        command = command.commands.get(word)
        if command is None:
            return False
    return True


@pytest.mark.parametrize(("document", "mark"), docs.MADE, ids=lambda each: str(each))
def test_what_is_made_from_the_code_is_as_the_code(document: str, mark: str) -> None:
    assert docs.written(document, mark) == docs.MADE[document, mark](), "make them anew: python -m infra.docs"


def test_every_event_is_documented_with_what_it_says() -> None:
    text = (ROOT / "docs" / "events.md").read_text()
    assert [name for topic in TOPICS.values() for name in topic.events if f"| `{name}` |" not in text] == []


def test_every_service_and_room_of_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    assert len(readme.splitlines()) <= 100
    for path in re.findall(r"`((?:services|shared|infra|docs|tests)/[\w/.]*)`", readme):
        assert (ROOT / path).exists(), path


def test_every_example_of_the_rest_interface_answers_as_it_says(show: Show) -> None:
    client = show.house.stage.browser()
    text = (ROOT / "docs" / "api.md").read_text()
    known: dict[str, str] = {}
    blocks = BLOCK.findall(text)
    requests = [
        (request, int(status), json.loads(answer))
        for (kind, _, request), (_, status, answer) in zip(blocks[::2], blocks[1::2], strict=True)
        if kind == "http"
    ]
    assert len(requests) == len(blocks) / 2
    for request, status, example in requests:
        answer = send(client, request, known)
        assert answer.status_code == status, (request, answer.text)
        said = answer.get_json()
        assert lacking(example, said) == [], (request, said)
        known |= {name: said[name] for name in ("reference", "secret") if name in said}


def send(client: Client, request: str, known: dict[str, str]) -> Any:
    """Send a request as it stands in the text, with what is known in place of `{reference}` and `{secret}`."""
    for name, value in known.items():
        request = request.replace(f"{{{name}}}", value)
    head, _, body = request.partition("\n\n")
    first, *headers = head.strip().splitlines()
    method, path = first.split()
    fields = dict(line.split(": ", 1) for line in headers)
    return client.open(path, method=method, headers=fields, data=body.encode() or None)


def lacking(example: Any, said: Any, at: str = "") -> list[str]:
    """Places of an example that the answer has not, or has in another kind."""
    if isinstance(example, dict):
        if not isinstance(said, dict):
            return [at]
        return [
            place
            for name, value in example.items()
            for place in (lacking(value, said[name], f"{at}.{name}") if name in said else [f"{at}.{name}"])
        ]
    if isinstance(example, list):
        if not isinstance(said, list) or len(said) < len(example):
            return [at]
        return [place for n, value in enumerate(example) for place in lacking(value, said[n], f"{at}[{n}]")]
    told = ("status", "type", "code", "amount", "currency", "slug", "admission_type")
    if at.rpartition(".")[2] in told and example != said:
        return [f"{at} is {said!r}"]
    return [] if isinstance(said, type(example)) else [at]


def example(first_line: str) -> str:
    """A programme of events.md, by its first line."""
    [found] = [
        body
        for kind, _, body in BLOCK.findall((ROOT / "docs" / "events.md").read_text())
        if kind == "python" and body.startswith(f"# {first_line}")
    ]
    return str(found)


def run(program: str, folder: Path, **environment: str) -> str:
    """What it prints, run as a stranger runs it: nothing of ours can be imported."""
    (folder / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=folder,
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_consumer_of_the_feed_counts_admissions_and_goes_on_where_it_was(show: Show, tmp_path: Path) -> None:
    program = example("headcount.py")
    assert len(program.splitlines()) <= 36 and "shared" not in program
    staff = Staff("stf_1", {"*": ["organiser"]})
    token = accounts.make_token(show.house.stage.runtime.database(CONSOLE), staff, "headcount")
    environment = {"FEED": f"{show.house.url}/feed", "TOKEN": token, "WAIT": "0"}
    show.sell(2)
    assert run(program, tmp_path, **environment).splitlines()[-1] == f"{show.conference_id} 2"
    assert run(program, tmp_path, **environment) == ""
    show.sell(1)
    assert run(program, tmp_path, **environment).splitlines() == [f"{show.conference_id} 3"]


def test_the_consumer_from_kafka_counts_the_same(show: Show, kafka_server: KafkaServer, tmp_path: Path) -> None:
    from shared.log import TopicPartition
    from shared.log.kafka import KafkaLog

    program = example("headcount_kafka.py")
    show.sell(1)
    ours = [TopicPartition("catering.meals", partition) for partition in range(8)]
    ends = show.house.stage.log.ends(["catering.meals"])
    records = [record for place in ours if place in ends for record in show.house.stage.log.read(place, 0, 1000)]
    with fresh_prefix(kafka_server) as prefix:
        log = KafkaLog(kafka_server.bootstrap, prefix)
        log.create_topics(["catering.meals"])
        producer = log.producer("catering")
        # Twice, as a relay may after a crash.
        producer.send([Message(record.topic, record.key, record.value) for record in [*records, *records]])
        producer.close()
        log.close()
        said = run(program, tmp_path, KAFKA=kafka_server.bootstrap, PREFIX=prefix, GROUP=f"{prefix}headcount", WAIT="8")
    lines = [line for line in said.splitlines() if line.startswith(show.conference_id)]
    counts = [int(line.split()[1]) for line in lines]
    assert counts and counts == sorted(set(counts))
