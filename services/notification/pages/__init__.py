"""The pages under /mail: for staff, and for people who asked to be reminded."""
