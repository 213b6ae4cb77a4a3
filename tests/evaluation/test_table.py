"""Tables and JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmsmot.evaluation import format_table
from mmsmot.utils.json_file import write_json


def test_columns_are_aligned():
    table = format_table(
        {'a': {'HOTA': 5.126, 'FN': 7}, 'COMBINED': {'HOTA': 100.0, 'FN': 12345}}
    )
    assert table.splitlines() == [
        'sequence    HOTA     FN',
        'a           5.13      7',
        'COMBINED  100.00  12345',
    ]


def test_corner_names_the_rows():
    assert format_table({'SORT': {'FN': 1}}, 'tracker').startswith('tracker  FN\n')


def test_no_rows():
    with pytest.raises(ValueError, match='no row'):
        format_table({})


def test_json_takes_numpy(tmp_path):
    path = tmp_path / 'new' / 'scores.json'
    write_json({'a': np.float64(0.5), 'b': np.arange(2), 'c': np.int64(3)}, path)
    assert json.loads(path.read_text()) == {'a': 0.5, 'b': [0, 1], 'c': 3}


@pytest.mark.parametrize(
    ('bad', 'error'), [(float('nan'), ValueError), (object(), TypeError)]
)
def test_a_failed_write_leaves_the_old_file(tmp_path, bad, error):
    path = tmp_path / 'scores.json'
    write_json({'a': 1}, path)
    with pytest.raises(error):
        write_json({'a': 2, 'bad': bad}, path)
    assert json.loads(path.read_text()) == {'a': 1}
    assert [p.name for p in tmp_path.iterdir()] == ['scores.json']


def test_an_array_takes_one_line(tmp_path):
    path = tmp_path / 'a.json'
    data = {
        'speed': {'fps': 2.5, 'seconds': {}},
        'rows': [{'id': 1, 'boxes': np.arange(8.0).reshape(2, 4)}, {7: None, 'b': []}],
    }
    write_json(data, path)
    assert path.read_text().splitlines() == [
        '{',
        '  "speed": {',
        '    "fps": 2.5,',
        '    "seconds": {}',
        '  },',
        '  "rows": [',
        '    {',
        '      "id": 1,',
        '      "boxes": [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]',
        '    },',
        '    {',
        '      "7": null,',
        '      "b": []',
        '    }',
        '  ]',
        '}',
    ]


def test_a_name_is_shown_without_its_control_characters() -> None:
    table = format_table({'a\x1b[2J': {'HOTA': 1.0}})
    assert table == 'sequence  HOTA\na\\x1b[2J  1.00'
