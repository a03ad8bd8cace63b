"""Streams that do not end as they should, and why: a fix takes its lines out of here, for the tests expect them to fail."""

NOT_CLOSED: dict[str, str] = {
}
