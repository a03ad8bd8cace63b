"""The schema of perdure's XML, by a standard validator; None where that isn't there."""

from importlib.resources import files
from typing import Any

try:
    from lxml import etree
except ImportError:  # no wheel for this Python
    etree = None

schema: Any = etree and etree.RelaxNG(etree.fromstring(files("perdure.formats").joinpath("perdure.rng").read_bytes()))


def valid(document: str | bytes) -> bool:
    if schema is None:
        return True
    tree = etree.fromstring(document, etree.XMLParser(resolve_entities=False, huge_tree=True))
    return bool(schema.validate(tree))


def problems(document: str | bytes) -> str:
    """What the validator says, for a failed test to show."""
    valid(document)
    return str(schema and schema.error_log)[-500:]
