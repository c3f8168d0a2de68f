"""The rules of catering. Pure: no clock, no database, no framework."""
