"""PostgreSQL on this machine, without a container: for tests and for `make run STACK=cluster`."""
