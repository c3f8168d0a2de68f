"""`python -m infra.kafka --data DIR [--port N]`: Kafka in the foreground until SIGTERM."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from infra.kafka.local import KafkaServer
from infra.local_server import run_in_foreground


@click.command(help="Run one Kafka node on the loopback until SIGTERM.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Directory of everything it keeps.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="The port before, or a free one, by default.")
def main(data: Path, port: int | None) -> None:
    server = KafkaServer(data, port)
    sys.exit(run_in_foreground(server, lambda: f"Kafka answers at {server.bootstrap}"))


if __name__ == "__main__":
    main()
