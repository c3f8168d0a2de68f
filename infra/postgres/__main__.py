"""`python -m infra.postgres --data DIR [--port N] [--database NAME ...]`: PostgreSQL in the foreground until SIGTERM."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from infra.local_server import run_in_foreground
from infra.postgres.local import PostgresServer


@click.command(help="Run PostgreSQL on the loopback until SIGTERM.")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Directory of everything it keeps.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="The port before, or a free one, by default.")
@click.option("--database", "databases", multiple=True, help="A database to create where it is missing.")
def main(data: Path, port: int | None, databases: tuple[str, ...]) -> None:
    server = PostgresServer(data, port)

    def announce() -> str:
        server.create_databases(databases)
        return f"PostgreSQL answers at 127.0.0.1:{server.port}, socket in {server.socket_dir}"

    sys.exit(run_in_foreground(server, announce))


if __name__ == "__main__":
    main()
