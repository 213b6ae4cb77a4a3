"""The tables' runner on a few clips, and the weights that come with the project."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('mmdet', reason='needs mmdet')

from mmsmot.datasets import BenSMOTDataset
from mmsmot.datasets.synsmot import make_synsmot
from mmsmot.structures import Detections
from projects.single_shot_smot import table_runner
from projects.single_shot_smot.random_embeddings import RandomEmbeddings
from projects.single_shot_smot.shift_recovery import visible_gt_boxes
from projects.single_shot_smot.stored_detections import StoredDetections
from projects.single_shot_smot.stripe_colours import StripeColours
from projects.single_shot_smot.table_runner import SSD, TRACKTOR, Row, TableRunner
from projects.single_shot_smot.table_text import markdown, table_cells
from projects.single_shot_smot.tools import person_tables
from projects.single_shot_smot.tools.detection_ap import APTable
from projects.single_shot_smot.tools.paper_tables import TABLES
from projects.single_shot_smot.trained_model import trained_model

ROWS = [
    Row('SMOT', SSD),
    Row('K 1', SSD, {'model.estimator.anchors.num_anchors': 1}),
    Row('SORT', 'sort_tiny-ssd_synsmot'),
    Row('Tracktor', TRACKTOR),
]


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Four clips of a seed that nothing was trained on."""
    return str(make_synsmot(tmp_path_factory.mktemp('synsmot'), 'mini', 11))


@pytest.fixture(scope='module')
def runner(data: str, tmp_path_factory: pytest.TempPathFactory) -> TableRunner:
    dataset = BenSMOTDataset(data_root=data, split='test', test_mode=True, cache=False)
    return TableRunner(
        [dataset[k] for k in range(len(dataset))],
        tmp_path_factory.mktemp('tables'),
        lambda _: trained_model(SSD).estimator.detector,
        lambda: trained_model(TRACKTOR).estimator.detector,
    )


@pytest.fixture(scope='module')
def scores(runner: TableRunner) -> dict[str, dict[str, float]]:
    return runner.scores(ROWS, 'rows')


def test_the_weights_find_people_of_another_seed(
    runner: TableRunner, scores: dict
) -> None:
    table = APTable()
    detector = runner.model(ROWS[0]).estimator.detector
    for sample in runner.samples:
        reader, gt = sample['inputs'], sample['data_samples'].gt_trajectories
        detector.prepare(reader)
        for frame in reader:
            boxes = visible_gt_boxes(gt, frame.frame_id)
            table.add(boxes, detector.detect([frame])[0])
    assert table.scores()['AP50'] > 85
    assert scores['SMOT']['MOTA'] > 80
    assert scores['Tracktor']['MOTA'] > 70
    assert scores['SMOT']['switches'] <= scores['K 1']['switches']


def test_stored_detections_are_the_detectors(runner: TableRunner, data: str) -> None:
    stored = runner.model(ROWS[0]).estimator.detector
    live = trained_model(SSD).estimator.detector
    reader = runner.samples[0]['inputs']
    frames = list(reader)[:3]
    stored.prepare(reader)
    for stored_frame, live_frame in zip(
        stored.raw(frames), live.raw(frames), strict=True
    ):
        np.testing.assert_allclose(stored_frame.boxes, live_frame.boxes, atol=2e-3)
        np.testing.assert_allclose(stored_frame.scores, live_frame.scores, atol=1e-5)
        np.testing.assert_allclose(stored_frame.anchors, live_frame.anchors, atol=1e-3)
    for stored_frame, live_frame in zip(
        stored.detect(frames), live.detect(frames), strict=True
    ):
        assert len(stored_frame) == len(live_frame) > 0
        np.testing.assert_allclose(stored_frame.boxes, live_frame.boxes, atol=2e-3)


def test_what_was_run_is_kept(
    runner: TableRunner, scores: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_again(*_):
        raise AssertionError('the detector ran again')

    monkeypatch.setattr(TableRunner, '_runs', run_again)
    again = runner.scores(ROWS, 'rows', against='K 1')
    for label, row in again.items():
        assert {name: row[name] for name in scores[label]} == scores[label]
        assert row['IDF1 diff'] == row['IDF1'] - again['K 1']['IDF1']
    assert again['K 1']['IDF1 diff error'] == 0 < again['SORT']['IDF1 diff error']
    assert 'IDF1 diff' in table_cells(again, ['IDF1'])['SORT']
    with pytest.raises(ValueError, match="no row 'K 9'"):
        runner.scores([Row('K 3', SSD), *ROWS], 'rows', against='K 9')  # before it runs
    monkeypatch.setattr(StoredDetections, '_compute', run_again)
    runner.model(ROWS[0]).estimator.detector.prepare(runner.samples[0]['inputs'])
    with pytest.raises(AssertionError, match='ran again'):
        runner.scores([Row('K 2', SSD, {'model.estimator.anchors.num_anchors': 2})], '')


def test_stored_detections_refuse_another_video(runner: TableRunner) -> None:
    readers = [sample['inputs'] for sample in runner.samples[:2]]
    stored = StoredDetections(
        runner.model(ROWS[0]).estimator.detector.detector, runner.out / 'detections'
    )
    frames = list(readers[0])[:2]
    with pytest.raises(ValueError, match='the video that is ready is none'):
        stored.raw(frames)
    stored.prepare(readers[0])
    assert len(stored.raw(frames)) == len(stored.detect(frames)) == 2
    with pytest.raises(ValueError, match=r'has no frame 900 of'):
        stored.raw([dataclasses.replace(frames[0], frame_id=900)])
    stored.prepare(readers[1])
    with pytest.raises(ValueError, match='call prepare'):
        stored.detect(frames)


def test_a_result_is_of_the_videos_files_the_reid_and_the_sources(
    runner: TableRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = Row('linked', 'single-shot-linked_tiny_synsmot')
    model, video = runner.model(row), runner.samples[0]['inputs'].video
    key = runner.result_key(row, model, video)
    assert runner.result_key(row, model, video) == key
    (tmp_path / '000001.jpg').touch()
    moved_video = dataclasses.replace(video, path=str(tmp_path))
    keys = {key, runner.result_key(row, model, moved_video)}
    model.estimator.reid = StripeColours(stripes=2)
    keys.add(runner.result_key(row, model, video))
    monkeypatch.setattr(table_runner, 'sources_fingerprint', lambda: 'edited')
    keys.add(runner.result_key(row, model, video))
    assert len(keys) == 4


def test_the_control_of_linking_knows_nothing_of_the_image(runner: TableRunner) -> None:
    row, *others = (r for r in TABLES['1']() if 'linking, no gate, random' in r.label)
    estimator = runner.model(row).estimator
    assert estimator.linker.max_distance == 2
    image = np.zeros((8, 8, 3), np.uint8)
    embeddings = estimator.reid.embed(image, np.tile([0.0, 0, 4, 4], (200, 1)))
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, rtol=1e-5)
    cosine = embeddings @ embeddings.T
    assert abs(cosine[np.triu_indices(200, 1)].mean()) < 0.02
    boxes = np.arange(8.0).reshape(2, 4)
    vectors = RandomEmbeddings().embed(image, boxes)
    again = RandomEmbeddings()
    for difference in (again.embed(image + 1, boxes), again.embed(image, boxes + 1)):
        assert abs(difference - vectors).min() > 0
    np.testing.assert_array_equal(again.embed(image, boxes), vectors)  # in any order
    for seed, other in enumerate(others, start=1):
        assert runner.model(other).estimator.reid.seed == seed


def test_rows_have_labels_of_their_own() -> None:
    tables = TABLES | {f'persons {k}': v for k, v in person_tables.TABLES.items()}
    for name, rows in tables.items():
        labels = [row.label for row in rows()]
        assert len(set(labels)) == len(labels), name


def test_average_precision_of_known_boxes() -> None:
    gt = np.array([[0.0, 0, 10, 10], [50, 50, 60, 60]])
    table = APTable()
    table.add(gt, Detections(gt, np.array([0.9, 0.8])))
    assert table.scores() == pytest.approx(dict(AP50=100, AP=100, recall50=100))
    table.add(gt, Detections(gt[:1] + 100, np.array([0.99])))  # a false one, two missed
    # Recall 1/4 at precision 1/2, 2/4 at 2/3: the best from there on, at 51 of 101 points.
    assert table.scores()['AP50'] == pytest.approx(100 * 2 / 3 * 51 / 101)
    assert table.scores()['recall50'] == pytest.approx(50)


def test_a_table_in_markdown() -> None:
    text = markdown({'a': {'MOTA': 1.25, 'tracks': 3}}, 'table')
    assert text == '| table | MOTA | tracks |\n|---|---:|---:|\n| a | 1.2 | 3 |'
