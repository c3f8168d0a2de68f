"""One INSERT ... ON CONFLICT for both databases: SQLAlchemy compiles PostgreSQL's construct for SQLite as well."""

from sqlalchemy.dialects.postgresql import insert

__all__ = ["insert"]
