"""Tests of reading and writing GraphML."""

from __future__ import annotations

import time

import pytest

from mmsmot.datasets.graphml import (
    GraphMLEdge,
    UnsafeGraphML,
    interactions_graphml,
    parse_graphml,
)


def test_as_networkx_writes_it() -> None:
    networkx = pytest.importorskip('networkx')
    graph = networkx.DiGraph()
    graph.add_nodes_from(['man0', 'woman0', 'größe & <Maß>'])
    graph.add_edge('man0', 'woman0', relationship='look.v.01,hit.v.02')
    graph.add_edge('woman0', 'größe & <Maß>', relationship='x', weight=2)
    text = '\n'.join(networkx.generate_graphml(graph))
    nodes, edges = parse_graphml(text.encode())
    assert nodes == ['man0', 'woman0', 'größe & <Maß>']
    assert [(e.source, e.target, e.relation) for e in edges] == [
        ('man0', 'woman0', 'look.v.01,hit.v.02'),
        ('woman0', 'größe & <Maß>', 'x'),
    ]


def test_networkx_reads_what_is_written() -> None:
    networkx = pytest.importorskip('networkx')
    interactions = [
        {'subject': 2, 'verb': 'push.v.01', 'object': 1, 'start': 9, 'end': 12},
        {'subject': 2, 'verb': 'approach.v.01', 'object': 1, 'start': 1, 'end': 8},
        {'subject': 1, 'verb': 'leave.v.01', 'object': 2, 'start': 13, 'end': 20},
    ]
    graph = networkx.parse_graphml(
        interactions_graphml(['man0', 'girl0', 'girl1'], interactions)
    )
    assert graph.is_directed()
    assert list(graph) == ['man0', 'girl0', 'girl1']
    assert graph.edges['girl0', 'man0'] == {'relationship': 'approach.v.01,push.v.01'}
    assert graph.edges['man0', 'girl0'] == {'relationship': 'leave.v.01'}


def test_lines_marks_and_prefixes() -> None:
    text = (
        '\ufeff<g:graphml xmlns:g="urn:x">\r\n<g:graph>\r\n<g:node id="a"/>\r\n'
        '<g:edge source="a" target="b"><g:data key="relationship">x</g:data>'
        '<g:data key="relationship">y</g:data></g:edge>\r\n'
        '<g:edge source="b" target="a"/></g:graph></g:graphml>'
    )
    nodes, edges = parse_graphml(text.encode())
    assert nodes == ['a']
    assert edges == [GraphMLEdge('a', 'b', 'x,y', 4), GraphMLEdge('b', 'a', '', 5)]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', '^1: no element found'),
        ('<graphml>\n<graph>\n', '^3: no element found'),
        ('<graphml>\n<graph></graphml>', '^2: mismatched tag'),
        ('<html></html>', '^1: there is no <graph>'),
    ],
)
def test_malformed(text, message) -> None:
    with pytest.raises(ValueError, match=message):
        parse_graphml(text.encode())


def laughs(levels: int) -> str:
    entities = ['<!ENTITY e0 "ha">']
    for level in range(1, levels):
        entities.append(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">')
    return (
        f'<!DOCTYPE g [{"".join(entities)}]><graphml><graph>'
        f'<node id="&e{levels - 1};"/></graph></graphml>'
    )


@pytest.mark.parametrize(
    'text',
    [
        laughs(2),
        laughs(10),
        '<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/hostname">]><graphml>'
        '<graph><node id="a">&x;</node></graph></graphml>',
        '<!DOCTYPE g [<!ENTITY % p SYSTEM "http://example.invalid/p"> %p;]>'
        '<graphml><graph/></graphml>',
    ],
)
def test_attacks_are_refused_at_once(text) -> None:
    start = time.perf_counter()
    with pytest.raises(UnsafeGraphML, match='refused'):
        parse_graphml(text.encode())
    assert time.perf_counter() - start < 1
