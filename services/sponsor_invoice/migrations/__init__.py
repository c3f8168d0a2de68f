"""Alembic migrations of the sponsor-invoice service."""
