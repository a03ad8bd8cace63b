"""Any object graph -> XML -> the same graph, and the schema accepts the document; a damaged document is an error."""

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import perdure
from perdure import xml
from perdure.formats import xml_text
from perdure.formats.xml_text import write
from perdure.graph import Graph
from tests import xml_schema
from tests.property import test_interchange as interchange  # and its profile of Hypothesis
from tests.property.graphs import graphs, isomorphic, texts

indents = st.sampled_from([None, 0, 2, "\t"])


@given(graph=graphs(), indent=indents)
def test_an_object_comes_back(graph: Any, indent: Any) -> None:
    same = interchange.expected(graph, 5)
    text = xml.dumps(graph, indent=indent)
    assert xml_schema.valid(text), xml_schema.problems(text)
    assert isomorphic(same, xml.loads(text, trusted=perdure.TRUST_ALL))
    assert isomorphic(same, xml.loads(text.encode("utf-16"), trusted=perdure.TRUST_ALL))


@pytest.mark.parametrize("protocol", range(6))
@given(graph=graphs(most=6))
def test_a_stream_of_any_protocol_comes_back(graph: Any, protocol: int) -> None:
    same = interchange.expected(graph, protocol)
    text = write(Graph(pickle.dumps(graph, protocol)))
    assert xml_schema.valid(text), xml_schema.problems(text)
    assert isomorphic(same, pickle.loads(xml_text.read([text]).dumps()))


@given(key=texts, value=texts, end=st.characters(exclude_categories=()))
def test_any_text_comes_back(key: str, value: str, end: str) -> None:
    obj = {key + end: end + value + end, " ": f" {value} ]]>\r\n\t"}
    text = xml.dumps(obj)
    text.encode()
    assert xml_schema.valid(text), xml_schema.problems(text)
    assert list(xml.loads(text).items()) == list(obj.items())
    assert xml.loads(text.replace("\n", "\r\n")) == obj  # as an editor may save it


@given(graph=graphs(most=6), data=st.data())
def test_a_damaged_document_is_a_value_or_an_error(graph: Any, data: st.DataObject) -> None:
    interchange.expected(graph, 5)
    text = xml.dumps(graph, indent=data.draw(indents)).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        till = at + data.draw(st.integers(0, 20))
        put = data.draw(st.sampled_from([b"", b"<", b">", b"&", b'"', b"</list>", b"<list>", b"<ref id='1'/>", b"\0", b"\xff", b"0"]))
        text = text[:at] + put + text[till:]
    try:
        xml.loads(text)
    except perdure.UnpicklingError:
        pass
