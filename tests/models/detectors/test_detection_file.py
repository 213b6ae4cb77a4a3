"""Public detections reach the tracker as they stand in the file."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from mmsmot.models.detectors import DetectionFile, detection_file
from mmsmot.structures import Frame, VideoInfo, read_detections


def frames_of(folder: Path, files: dict[str, str], *frame_ids: int) -> list[Frame]:
    video = VideoInfo(folder.name, str(folder), files=files)
    return [Frame(video, frame_id, 0.0) for frame_id in frame_ids]


def test_values_are_unchanged_and_no_image_is_needed(tmp_path: Path) -> None:
    path = tmp_path / 'det.txt'
    path.write_text('2,-1,10.123456789,20,5,6,0.997784\n2,-1,0,0,1,1,0.3\n')
    detector = DetectionFile()
    assert not detector.needs_images
    none, two = detector.detect(frames_of(tmp_path, {'det': str(path)}, 1, 2))
    assert len(none) == 0
    assert two.boxes[0].tolist() == [10.123456789, 20, 15.123456789, 26]
    assert two.scores.tolist() == [0.997784, 0.3]
    strong = DetectionFile(score_threshold=0.5)
    assert len(strong.detect(frames_of(tmp_path, {'det': str(path)}, 2))[0]) == 1


def test_path_may_be_a_template(tmp_path: Path) -> None:
    (tmp_path / f'{tmp_path.name}.txt').write_text('1,-1,0,0,5,5,1\n')
    detector = DetectionFile(path=str(tmp_path / '{name}.txt'))
    assert len(detector.detect(frames_of(tmp_path, {}, 1))[0]) == 1
    assert detector.fingerprint != DetectionFile().fingerprint


def test_missing_file_names_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'no detections at .*det.det\.txt'):
        DetectionFile().detect(frames_of(tmp_path, {}, 1))


def test_frames_that_the_video_does_not_have_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        'mmsmot.structures.frame_numbering.print_log',
        lambda text, **_: said.append(text),
    )
    path = tmp_path / 'det.txt'
    path.write_text('0,-1,0,0,5,5,1\n1,-1,9,0,5,5,1\n7,-1,0,0,5,5,1\n')
    video = VideoInfo(
        'a', str(tmp_path), files={'det': str(path)}, frame_ids=np.array([1, 2])
    )
    detector = DetectionFile()
    for frame_id, left in ((1, 0), (2, 9)):
        (found,) = detector.detect([Frame(video, frame_id, 0.0)])
        assert found.boxes[:, 0].tolist() == [left]
    assert [text.split(': ', 1)[1] for text in said] == [
        '1 of 3 boxes stand in frames that a does not have, the first in frame 8 (it has '
        '2, the last is 2); left out'
    ]


def test_something_else_in_braces(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'only \{name\} and \{path\} can stand'):
        DetectionFile(path='{x}/det.txt').detect(frames_of(tmp_path, {}, 1))


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / 'det.txt'
    detector = DetectionFile(path=str(path))
    for right in (5, 77):
        path.write_text(f'1,-1,0,0,{right},5,1\n')
        (found,) = detector.detect(frames_of(tmp_path, {}, 1))
        assert found.boxes[0, 2] == right


def test_videos_in_threads_get_their_own_detections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = DetectionFile(path=str(tmp_path / '{name}.txt'))
    folders = [tmp_path / str(i) for i in range(4)]
    for i, folder in enumerate(folders):
        (tmp_path / f'{folder.name}.txt').write_text(f'1,-1,0,0,{10 + i},5,1\n')
    turn = threading.Barrier(4)

    def read_together(*args: object, **kwargs: object) -> dict:
        table = read_detections(*args, **kwargs)
        turn.wait(timeout=20)
        return table

    monkeypatch.setattr(detection_file, 'read_detections', read_together)

    def look(folder: Path) -> float:
        return detector.detect(frames_of(folder, {}, 1))[0].boxes[0, 2]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(look, folders)) == [10, 11, 12, 13]
