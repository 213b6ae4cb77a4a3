"""The files of a clip, read back by libraries of others."""

from __future__ import annotations

import json

import cv2
import networkx
import pytest

from mmsmot.datasets.synsmot.writer import (
    write_sequence_image,
    written_sequence_folders,
)


def test_labels_of_mini_agree_with_each_other(mini):
    for folder in written_sequence_folders(mini):
        facts = json.loads((folder / 'script.json').read_text())
        held = json.loads((folder / 'semantic_trajectories.json').read_text())
        assert held['trajectories'] == facts['interactions']
        names = [p['name'] for p in facts['people']]
        lines = (folder / 'instance_captions.txt').read_text().splitlines()
        assert [line.split(':')[0] for line in lines] == names
        graph = networkx.read_graphml(folder / 'interactions.graphml')
        assert list(graph) == names
        rows = (folder / 'gt' / 'gt.txt').read_text().splitlines()
        assert {int(row.split(',')[1]) for row in rows} == {
            p['id'] for p in facts['people']
        }
        assert all(row.split(',')[6:8] == ['1', '1'] for row in rows)


def test_clips_still_being_written_are_no_clips(tmp_path):
    for name in ('000000', '.000001.half'):
        (tmp_path / 'train' / 'talking' / name / 'gt').mkdir(parents=True)
        (tmp_path / 'train' / 'talking' / name / 'gt' / 'gt.txt').touch()
    assert [f.name for f in written_sequence_folders(tmp_path)] == ['000000']


def test_an_image_that_cannot_be_written_is_an_error(tmp_path, mini):
    image = cv2.imread(str(next(mini.rglob('000001.jpg'))))
    with pytest.raises(OSError, match='could not be written'):
        write_sequence_image(image, tmp_path / 'missing' / '000001.jpg', 90)
