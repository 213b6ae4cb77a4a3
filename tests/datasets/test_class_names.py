"""labels.txt beside gt.txt, as CVAT and Datumaro export it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets import MOTChallengeDataset
from mmsmot.datasets.class_names import mot_numbers_of_class_names, read_class_names
from mmsmot.structures import Trajectories
from mmsmot.structures.mot_classes import FIRST_OTHER


def labelled(*labels: int) -> Trajectories:
    boxes = np.tile([0.0, 0, 5, 5], (len(labels), 1))
    return Trajectories(
        np.ones(len(labels)), np.arange(len(labels)), boxes, labels=labels
    )


def test_names_are_read_as_they_are_written(tmp_path: Path) -> None:
    assert read_class_names(tmp_path / 'gt.txt') == []
    (tmp_path / 'labels.txt').write_bytes(
        b'\xef\xbb\xbfCar\r\n"Person"\r\nstatic_person\r\n'
    )
    assert read_class_names(tmp_path / 'gt.txt') == ['car', 'person', 'static person']
    (tmp_path / 'labels.txt').write_bytes(b'\xff\xfe')
    with pytest.raises(ValueError, match=r'labels\.txt: expected text in UTF-8'):
        read_class_names(tmp_path / 'gt.txt')


@pytest.mark.parametrize(
    ('names', 'labels', 'expected'),
    [
        (['car', 'person'], [1, 2, 2], [3, 1, 1]),
        (['dog', 'person', 'cat'], [1, 2, 3], [FIRST_OTHER, 1, FIRST_OTHER + 2]),
        (['person'], [1, 1], [1, 1]),
        (['pedestrian', 'person on vehicle', 'car'], [1, 2, 3], [1, 2, 3]),
        (['car', 'pedestrian', 'reflection'], [3, 2, 0, 9], [12, 1, 0, 9]),
        (['player', 'ball'], [1, 2], [0, 0]),
        ([], [1, 2], [1, 2]),
    ],
)
def test_classes_get_motchallenges_numbers(names, labels, expected) -> None:
    trajectories = mot_numbers_of_class_names(labelled(*labels), names, 'gt.txt')
    assert trajectories.labels.tolist() == expected


def test_a_cvat_export_is_learnt_from_and_scored_on_people(
    tmp_path: Path, logged
) -> None:
    folder = tmp_path / 'data/yard'
    (folder / 'gt').mkdir(parents=True)
    (folder / 'gt/labels.txt').write_text('car\nperson\n')
    (folder / 'gt/gt.txt').write_text('1,1,0,0,5,9,1,2,1.0\n1,2,9,0,9,5,1,1,1.0\n')
    dataset = MOTChallengeDataset(data_root=str(tmp_path / 'data'), test_mode=True)
    gt = dataset[0]['data_samples'].gt_trajectories
    assert dict(zip(gt.ids.tolist(), gt.labels.tolist(), strict=True)) == {
        1: 1,
        2: 3,
    }
    messages = [r.getMessage() for r in logged if 'labels.txt' in r.getMessage()]
    assert len(messages) == 1 and 'taken as car = 3, person = 1' in messages[0]
    info = dataset.load_data_list()[0]
    assert dataset.training_gt(info['gt']).trajectories.ids.tolist() == [1]
