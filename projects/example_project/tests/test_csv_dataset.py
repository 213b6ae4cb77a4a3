"""The dataset of CSV files."""

from __future__ import annotations

from pathlib import Path

import pytest

from projects.example_project.csv_dataset import CSVDataset

HEADER = 'frame,id,x1,y1,x2,y2\n'


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


def test_a_sample_is_a_video_with_its_tracks(tmp_path: Path) -> None:
    write(tmp_path, 'b.csv', HEADER + '1,7,0,0,10,20\n3,7,2,0,12,20\n')
    write(tmp_path, 'b.det.txt', '1,-1,0,0,10,20,0.9\n')
    write(tmp_path, 'a.csv', 'id,frame,x1,y1,x2,y2,note\n1,2,0,0,5,5,hidden\n')
    dataset = CSVDataset(data_root=str(tmp_path), fps=5)
    assert len(dataset) == 2
    sample = dataset[1]['data_samples']
    gt = sample.gt_trajectories
    assert (sample.video.name, sample.video.fps) == ('b', 5)
    assert sample.video.files == {'det': str(tmp_path / 'b.det.txt')}
    assert sample.frame_ids.tolist() == [1, 2, 3]
    assert gt.frame_ids.tolist() == [1, 3] and gt.ids.tolist() == [7, 7]
    assert gt.boxes.tolist() == [[0, 0, 10, 20], [2, 0, 12, 20]]
    timestamps = [frame.timestamp for frame in dataset[1]['inputs']]
    assert timestamps == [0.0, 0.2, 0.4]
    assert dataset[0]['data_samples'].gt_trajectories.frame_ids.tolist() == [2]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('1,7,0,0,10,20\n2,7,0,0,1,1\n', r'street\.csv:2: expected a number for each'),
        (HEADER + '1,1,0,0,9,9\n2,1,0,zero,9,9\n', r'street\.csv:3: .*zero'),
        (HEADER + '2,1,0,0,9\n', r'street\.csv:2: expected'),
        (HEADER + '1,1.5,0,0,9,9\n', r'street\.csv: Trajectories: ids'),
        (HEADER + '1,1,9,0,0,9\n', r'street\.csv: Trajectories: '),
        (HEADER, r'street\.csv: no row below the header'),
    ],
    ids=['no header', 'no number', 'too short', 'no whole id', 'inverted', 'empty'],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, 'street.csv', text)
    with pytest.raises(ValueError, match=message):
        CSVDataset(data_root=str(tmp_path))


def test_a_folder_without_csv_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'has no \*\.csv file'):
        CSVDataset(data_root=str(tmp_path))
