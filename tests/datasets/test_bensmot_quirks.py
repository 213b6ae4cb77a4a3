"""Tests of every quirk of BenSMOT's files: what is counted, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip('torch')

from mmsmot.datasets import BenSMOTDataset  # noqa: E402
from mmsmot.datasets.bensmot.repairs import REPAIRS  # noqa: E402
from mmsmot.datasets.graphml import UnsafeGraphML  # noqa: E402

BOM = b'\xef\xbb\xbf'


def videos(root: Path, **options) -> tuple[dict, BenSMOTDataset]:
    """All samples by name, whether described or not."""
    dataset = BenSMOTDataset(
        data_root=str(root),
        cache=False,
        test_mode=True,
        described_only=False,
        **options,
    )
    samples = [sample['data_samples'] for sample in dataset]
    return {sample.video.name: sample for sample in samples}, dataset


# What is done to a good sequence, what then is counted, and what is left of it as
# (frames, rows of gt, ids with a caption, triples).
LOOK, FOLLOW = (1, 2, 'look.v.01'), (1, 2, 'follow.v.01')
ALL_LABELS = (6, 12, [1, 2], [LOOK, FOLLOW])
GT = ''.join(f'{f},{i},{f},{5 * i},10,20,1,1,1\n' for f in range(1, 7) for i in (1, 2))
EDGE = ('man0', 'woman0', 'look.v.01,follow.v.01')
QUIRKS = {
    'sparse frame numbers': (
        dict(frames=(1, 2, 4, 6)),
        {'sparse_frames': 1},
        (4, 8, [1, 2], [LOOK, FOLLOW]),
    ),
    'six columns': (
        dict(gt='\n'.join(line[:-6] for line in GT.splitlines()) + '\n'),
        {'gt_columns': 1},
        ALL_LABELS,
    ),
    'negative width': (
        dict(gt=GT.replace('3,1,3,5,10,20', '3,1,3,5,-10,20')),
        {'gt_box_without_area': 1},
        (6, 11, [1, 2], [LOOK, FOLLOW]),
    ),
    'repeated box': (
        dict(gt=GT + '4,2,9,9,9,9,1,1,1\n'),
        {'gt_repeated_box': 1},
        ALL_LABELS,
    ),
    'malformed row': (dict(gt=GT + '7,1,oops\n'), {'gt_malformed_row': 1}, ALL_LABELS),
    'a fraction for a frame': (
        dict(gt=GT + '1.5,1,1,1,1,1,1,1,1\n'),
        {'gt_bad_number': 1},
        ALL_LABELS,
    ),
    'a number that is no count': (
        dict(gt=GT + '1e300,1,1,1,1,1,1,1,1\n3,7,1,1,1,1,1,1e40,1\n'),
        {'gt_bad_number': 2},
        ALL_LABELS,
    ),
    'frame without image': (
        dict(gt=GT + '9,1,1,1,5,5,1,1,1\n'),
        {'frame_without_image': 1},
        ALL_LABELS,
    ),
    'image without row': (
        dict(gt=GT[: GT.index('6,1,6')]),
        {'image_without_box': 1},
        (6, 10, [1, 2], [LOOK, FOLLOW]),
    ),
    'count from 0': (
        dict(
            frames=(0, 1, 2),
            gt=''.join(f'{f},{i},1,5,10,20,1,1,1\n' for f in range(3) for i in (1, 2)),
        ),
        {'frames_from_zero': 1},
        (3, 6, [1, 2], [LOOK, FOLLOW]),
    ),
    'a person with bad boxes alone': (
        dict(
            gt='\n'.join(
                line.replace(',10,10,20', ',10,0,20') for line in GT.split('\n')
            )
        ),
        {'gt_box_without_area': 6, 'track_without_box': 1},
        (6, 6, [1], []),
    ),
    'byte-order marks': (
        dict(caption=BOM + b'Here.\n', captions=BOM + b'man0: A.\nwoman0: B.\n'),
        {'byte_order_mark': 2},
        ALL_LABELS,
    ),
    'Windows line ends and blank lines': (
        dict(captions='man0: A.\r\n\r\nwoman0: B.\r\n'),
        {'windows_line_ends': 1, 'blank_lines': 1},
        ALL_LABELS,
    ),
    'not UTF-8': (
        dict(captions=b'man0: caf\xe9\nwoman0: B.\n'),
        {'not_utf8': 1},
        ALL_LABELS,
    ),
    'fewer captions': (
        dict(captions='man0: A man.\n'),
        {'captions_fewer': 1, 'node_by_position': 1},
        (6, 12, [1], [LOOK, FOLLOW]),
    ),
    'more captions': (
        dict(captions='man0: A.\nwoman0: B.\ndog0: C.\n'),
        {'captions_more': 1},
        ALL_LABELS,
    ),
    'an empty caption': (
        dict(captions='man0: A.\nwoman0:\n'),
        {'caption_empty': 1},
        (6, 12, [1], [LOOK, FOLLOW]),
    ),
    'a caption without a name': (
        dict(captions='man0: A.\nShe runs.\n'),
        {'caption_unnamed': 1, 'node_by_position': 1},
        ALL_LABELS,
    ),
    'caption names repeated': (
        dict(
            captions='man0: A.\nman0: B.\n',
            nodes=('man0', 'man1'),
            edges=(('man0', 'man1', 'look.v.01,follow.v.01'),),
        ),
        {'caption_names_repeated': 1},
        ALL_LABELS,
    ),
    'nodes of other names': (
        dict(nodes=('boy', 'girl'), edges=(('boy', 'girl', EDGE[2]),)),
        {'node_by_position': 2},
        ALL_LABELS,
    ),
    'an edge to nobody': (
        dict(edges=(EDGE, ('man0', 'dog7', 'pet.v.01'))),
        {'edge_unknown_node': 1},
        ALL_LABELS,
    ),
    'an edge to himself': (
        dict(edges=(EDGE, ('man0', 'man0', 'look.v.01'))),
        {'edge_self_loop': 1},
        ALL_LABELS,
    ),
    'an edge without a verb': (
        dict(edges=(EDGE, ('woman0', 'man0', ' , '))),
        {'edge_without_verb': 1},
        ALL_LABELS,
    ),
    'a repeated edge': (
        dict(edges=(EDGE, ('man0', 'woman0', 'look.v.01'))),
        {'edge_repeated': 1},
        ALL_LABELS,
    ),
    'a misspelled verb': (
        dict(edges=(('man0', 'woman0', 'lsiten.v.01'),)),
        {'verb_respelled': 1},
        (6, 12, [1, 2], [(1, 2, 'listen.v.01')]),
    ),
    'two verbs in one': (
        dict(edges=(('man0', 'woman0', 'smile.v.01ook.v.01'),)),
        {'verb_respelled': 1},
        (6, 12, [1, 2], [(1, 2, 'smile.v.01'), (1, 2, 'look.v.01')]),
    ),
    'an unknown verb': (
        dict(edges=(('man0', 'woman0', 'look.v.01,folow.v.01,follow.v.01'),)),
        {'verb_unknown': 1},
        ALL_LABELS,
    ),
    'no words at all': (
        dict(captions=None, graph=None, caption=None),
        {
            'video_caption_missing': 1,
            'captions_missing': 1,
            'graph_missing': 1,
        },
        (6, 12, None, None),
    ),
    'a broken graph': (
        dict(graph='<graphml><graph>'),
        {'graph_malformed': 1},
        (6, 12, [1, 2], None),
    ),
    'no truth': (
        dict(gt=None),
        {'gt_missing': 1, 'captions_more': 1, 'edge_unknown_node': 1},
        (6, None, [], []),
    ),
    'no images': (
        dict(frames=(), gt=GT),
        {'images_missing': 1},
        ALL_LABELS,
    ),
    'a bad span': (
        dict(spans='{"trajectories": [{"subject": 1, "verb": "look.v.01"}]}'),
        {'span_malformed': 1, 'edge_without_span': 2},
        ALL_LABELS,
    ),
    'a span of nothing': (
        dict(
            spans='{"trajectories": [{"subject": 2, "verb": "hit.v.02", "object": 1,'
            ' "start": 1, "end": 2}]}'
        ),
        {'span_without_edge': 1, 'edge_without_span': 2},
        ALL_LABELS,
    ),
    'a bad expression': (
        dict(expressions={'x.json': '{"label": {}}', 'y.json': 'oops'}),
        {'expression_malformed': 2},
        ALL_LABELS,
    ),
}
NO_REPAIR = {name for name, odd in QUIRKS.items() if not odd[1].keys() & REPAIRS.keys()}


@pytest.mark.parametrize('quirk', QUIRKS)
def test_mended(quirk, tmp_path, write_bensmot) -> None:
    odd, counts, (frames, rows, described, triples) = QUIRKS[quirk]
    write_bensmot(tmp_path / 'train/act/seq', **odd)
    samples, dataset = videos(tmp_path)
    assert dataset.repairs.counts == counts
    sample = samples['act/seq']
    assert len(sample.frame_ids) == frames
    gt = sample.get('gt_trajectories')
    assert (None if gt is None else len(gt)) == rows
    captions = sample.get('gt_captions')
    assert (None if captions is None else list(captions)) == described
    table = sample.get('gt_interactions')
    if triples is None:
        assert table is None
    else:
        columns = (table.subject_ids, table.object_ids, table.verbs)
        assert list(zip(*columns, strict=True)) == triples
    if quirk in NO_REPAIR:
        videos(tmp_path, strict=True)


@pytest.mark.parametrize('quirk', sorted(set(QUIRKS) - NO_REPAIR))
def test_strict_names_the_place(quirk, tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 'train/act/seq', **QUIRKS[quirk][0])
    with pytest.raises(ValueError, match=r'strict=True; otherwise repaired') as caught:
        videos(tmp_path, strict=True)
    assert str(caught.value).startswith(str(folder))


@pytest.mark.parametrize(
    ('quirk', 'place'),
    [
        ('negative width', 'gt/gt.txt:5: '),
        ('repeated box', 'gt/gt.txt:13: '),
        ('malformed row', "gt/gt.txt:13: '7,1,oops'"),
        ('an empty caption', "instance_captions.txt:2: 'woman0' has no text"),
        ('an edge to himself', "interactions.graphml:5: 'man0' to 'man0'"),
        ('an unknown verb', "interactions.graphml:4: verb 'folow.v.01' is not"),
        ('not UTF-8', 'instance_captions.txt:1: '),
    ],
)
def test_strict_names_the_line(quirk, place, tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 'train/act/seq', **QUIRKS[quirk][0])
    with pytest.raises(ValueError) as caught:
        videos(tmp_path, strict=True)
    assert str(caught.value).startswith(f'{folder}/{place}')


def test_all_quirks_at_once_add_up(tmp_path, write_bensmot, logged) -> None:
    total: dict[str, int] = {}
    for number, (odd, counts, _) in enumerate(QUIRKS.values()):
        write_bensmot(tmp_path / f'train/act/{number:02d}', **odd)
        for kind, count in counts.items():
            total[kind] = total.get(kind, 0) + count
    (tmp_path / 'train/act/empty').mkdir()
    total |= {'sequence_empty': 1}
    samples, dataset = videos(tmp_path)
    assert len(samples) == len(QUIRKS)
    assert len(total) >= 30
    assert dataset.repairs.counts == total
    text = '\n'.join(record.getMessage() for record in logged)
    assert all(f'[{kind}]' in text for kind in dataset.repairs.counts)


ATTACKS = {
    'billion laughs': '<!DOCTYPE g [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<graphml><graph><node id="&b;"/></graph></graphml>',
    'a file': '<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<graphml><graph><node id="a">&x;</node></graph></graphml>',
    'a document type elsewhere': '<!DOCTYPE g SYSTEM "http://example.invalid/g.dtd">'
    '<graphml><graph/></graphml>',
}


@pytest.mark.parametrize('attack', ATTACKS)
@pytest.mark.parametrize('strict', [False, True])
def test_attacks_are_refused(attack, strict, tmp_path, write_bensmot) -> None:
    folder = write_bensmot(tmp_path / 'train/act/seq', graph=ATTACKS[attack])
    message = f'{folder}/interactions.graphml: .*refused'
    with pytest.raises(UnsafeGraphML, match=message):
        videos(tmp_path, strict=strict)
