"""GraphML with one verb list an edge, as BenSMOT keeps its interactions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler

from defusedxml import DefusedXmlException
from defusedxml.sax import parseString

RELATION = 'relationship'


@dataclass(frozen=True)
class GraphMLEdge:
    """An edge from the one who acts to the one acted upon.

    Attributes:
        source: Name of a node.
        target: Name of a node.
        relation: The text of the attribute ``relationship``, ``''`` where it is missing.
        line: The line it stands in, from 1.
    """

    source: str
    target: str
    relation: str
    line: int


def interactions_graphml(names: list[str], interactions: list[dict[str, Any]]) -> str:
    """Interactions as BenSMOT's directed graph.

    An edge for each (subject, object), its ``relationship`` the verbs, comma-separated,
    in the order they begin.

    Args:
        names: Of the nodes, by trajectory id from 1.
        interactions: Dicts with ``subject``, ``object`` (ids), ``verb`` and ``start``.
    """
    root = ElementTree.Element('graphml', xmlns='http://graphml.graphdrawing.org/xmlns')
    key = {
        'id': 'd0',
        'for': 'edge',
        'attr.name': RELATION,
        'attr.type': 'string',
    }
    ElementTree.SubElement(root, 'key', key)
    graph = ElementTree.SubElement(root, 'graph', edgedefault='directed')
    for name in names:
        ElementTree.SubElement(graph, 'node', id=name)
    edges: dict[tuple[int, int], list[str]] = {}
    for item in sorted(interactions, key=lambda i: (i['start'], i['subject'])):
        verbs = edges.setdefault((item['subject'], item['object']), [])
        if item['verb'] not in verbs:
            verbs.append(item['verb'])
    for (subject, object_), verbs in sorted(edges.items()):
        ends = {'source': names[subject - 1], 'target': names[object_ - 1]}
        edge = ElementTree.SubElement(graph, 'edge', ends)
        ElementTree.SubElement(edge, 'data', key='d0').text = ','.join(verbs)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding='unicode')
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def parse_graphml(text: bytes) -> tuple[list[str], list[GraphMLEdge]]:
    """The names of the nodes and the edges, in the file's order.

    Nothing outside the file is ever read and no entity is expanded.

    Raises:
        ValueError: It is no GraphML, or has a document type with entities or outside
            parts, which a graph does not need and attacks do; names the line of the
            first.
    """
    handler = _GraphHandler()
    try:
        parseString(text, handler, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise UnsafeGraphML(
            f'declares XML entities or outside parts, which is refused: {error}'
        ) from error
    except SAXParseException as error:
        raise ValueError(f'{error.getLineNumber()}: {error.getMessage()}') from error
    except (SAXException, LookupError) as error:  # the latter: no such encoding
        raise ValueError(f'1: {error}') from error
    if not handler.has_graph:
        raise ValueError('1: there is no <graph> in it')
    return handler.nodes, handler.edges


class UnsafeGraphML(ValueError):
    """XML that asks its reader to do more than read."""


class _GraphHandler(ContentHandler):
    """Collects nodes and edges; knows the line, which element trees do not."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[str] = []
        self.edges: list[GraphMLEdge] = []
        self.has_graph = False
        self._keys = {RELATION}
        self._edge: dict | None = None
        self._text: list[str] | None = None

    def setDocumentLocator(self, locator) -> None:  # noqa: N802 - SAX's name
        super().setDocumentLocator(locator)
        self._locator = locator

    def startElement(self, name: str, attrs) -> None:  # noqa: N802 - SAX's name
        tag = name.rpartition(':')[2]
        if tag == 'graph':
            self.has_graph = True
        elif tag == 'key' and attrs.get('attr.name', '').lower() == RELATION:
            self._keys.add(attrs.get('id', RELATION))
        elif tag == 'node':
            self.nodes.append(attrs.get('id', ''))
        elif tag == 'edge':
            self._edge = dict(
                source=attrs.get('source', ''),
                target=attrs.get('target', ''),
                relation='',
                line=self._locator.getLineNumber(),
            )
        elif tag == 'data' and self._edge and attrs.get('key') in self._keys:
            self._text = []

    def characters(self, content: str) -> None:
        if self._text is not None:
            self._text.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's name
        tag = name.rpartition(':')[2]
        if tag == 'data' and self._text is not None and self._edge is not None:
            joined = [self._edge['relation'], ''.join(self._text)]
            self._edge['relation'] = ','.join(part for part in joined if part)
            self._text = None
        elif tag == 'edge' and self._edge is not None:
            self.edges.append(GraphMLEdge(**self._edge))
            self._edge = None
