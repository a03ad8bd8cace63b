"""Streams that do not end as they should, and why: a fix takes its lines out of here, for the tests expect them to fail."""

NOT_CLOSED: dict[str, str] = {
    "trust: __new__, by getattr": "it is noticed",  # what stands for it is inert, but holds a function of the policy's
}
