"""Tracking scores on real files: trackeval's own evaluator and published numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mmsmot.evaluation import (
    combine_tracking_sequences,
    evaluate_sequence,
    summarize_tracking,
)
from mmsmot.structures import Trajectories, VideoInfo, read_mot_rows, read_trajectories

TUD = {'TUD-Campus': 71, 'TUD-Stadtmitte': 179}


def tud(test_data: Path, result: str = 'tracker_result.txt') -> dict[str, tuple]:
    """Truth, result and frames of both TUD sequences."""
    return {
        name: (
            read_trajectories(test_data / 'data' / 'tud' / name / 'gt.txt'),
            read_trajectories(test_data / 'data' / 'tud' / name / result),
            np.arange(1, frames + 1),
        )
        for name, frames in TUD.items()
    }


@pytest.mark.parametrize('preprocessing', ['mot15', 'none', 'auto'])
def test_published_tud_rows(test_data, preprocessing):
    results = {
        name: evaluate_sequence(*sequence, preprocessing)
        for name, sequence in tud(test_data).items()
    }
    results['COMBINED'] = combine_tracking_sequences(results)
    expected = {
        'TUD-Campus': (39.140, 52.646, 55.766, 209, 150, 13, 7),
        'TUD-Stadtmitte': (39.785, 56.401, 64.462, 704, 452, 45, 7),
        'COMBINED': (39.996, 55.512, 62.430, 913, 602, 58, 14),
    }
    for name, result in results.items():
        row = summarize_tracking(result)
        percent = [round(row[key], 3) for key in ('HOTA', 'MOTA', 'IDF1')]
        counts = [result['CLEAR']['CLR_TP'], row['FN'], row['FP'], row['IDs']]
        assert (*percent, *counts) == expected[name]


def test_equals_trackeval_on_tud(test_data, run_trackeval, assert_same_scores):
    folder = test_data / 'data' / 'tud'
    reference = run_trackeval(
        'MOT15',
        {
            name: (
                (folder / name / 'gt.txt').read_text(),
                (folder / name / 'tracker_result.txt').read_text(),
                frames,
            )
            for name, frames in TUD.items()
        },
    )
    ours = {
        name: evaluate_sequence(*sequence, 'mot15')
        for name, sequence in tud(test_data).items()
    }
    ours['COMBINED_SEQ'] = combine_tracking_sequences(ours)
    assert set(ours) == set(reference)
    for name, result in ours.items():
        assert_same_scores(result, reference[name])


def ranked_detections(det: Path, frames: int) -> np.ndarray:
    """Detections as a poor tracker's result: the id is the rank from the left."""
    rows = read_mot_rows(det)[:, :7]
    rows = rows[rows[:, 0] <= frames]
    rows = rows[np.lexsort((rows[:, 2], rows[:, 0]))]
    _, starts, counts = np.unique(rows[:, 0], return_index=True, return_counts=True)
    rows[:, 1] = np.arange(len(rows)) - np.repeat(starts, counts) + 1
    return rows


@pytest.mark.parametrize('benchmark', ['MOT17', 'MOT16', 'MOT20'])
def test_equals_trackeval_on_mot17(
    test_data, run_trackeval, assert_same_scores, tmp_path, benchmark
):
    texts, ours, removed = {}, {}, 0
    for folder in sorted((test_data / 'data' / 'MOT17-mini' / 'train').iterdir()):
        truth = (folder / 'gt' / 'gt.txt').read_text()
        frames = len(list((folder / 'img1').iterdir()))
        rows = ranked_detections(folder / 'det' / 'det.txt', frames)
        lines = (','.join(map(repr, row)) for row in rows.tolist())
        result = ''.join(f'{line},-1,-1,-1\n' for line in lines)
        texts[folder.name] = truth, result, frames
        (tmp_path / 'result.txt').write_text(result)
        gt = read_trajectories(folder / 'gt' / 'gt.txt')
        pred = read_trajectories(tmp_path / 'result.txt')
        frame_ids = np.arange(1, frames + 1)
        score = evaluate_sequence(gt, pred, frame_ids, benchmark.lower())
        ours[folder.name] = score
        removed += len(pred) - score['Count']['Dets']
    assert len(ours) == 7 and removed > 10  # the distractors had something to remove
    ours['COMBINED_SEQ'] = combine_tracking_sequences(ours)
    reference = run_trackeval(benchmark, texts)
    for name, score in ours.items():
        assert_same_scores(score, reference[name])


GOLDENS = [
    'out_N10_sort.npz',
    'out_N10_bytetrack.npz',
    'out_N50_ocsort.npz',
    'out_N50_bytetrack.npz',
    'out_emb_N10_deepsort.npz',
    'out_TUD-Campus_sort.npz',
    'out_TUD-Stadtmitte_bytetrack.npz',
    'out_TUD-Stadtmitte_ocsort.npz',
]


@pytest.mark.parametrize('name', GOLDENS)
def test_scores_of_the_original_trackers(goldens, name):
    golden = json.loads((goldens / 'goldens.json').read_text())['outputs'][name]
    stream = np.load(goldens / f'stream_{golden["stream"]}.npz')
    frame_ids = np.arange(1, len(stream['gn']) + 1)
    truth = stream['g'].astype(np.float64)
    gt = Trajectories(
        np.repeat(frame_ids, stream['gn']),
        truth[:, 0],
        truth[:, 1:5],
        labels=np.ones(len(truth)),
    )
    rows = np.load(goldens / name)['rows']
    pred = Trajectories(rows[:, 0], rows[:, 1], rows[:, 2:6])
    result = evaluate_sequence(gt, pred, frame_ids, 'mot17')
    fields = {key: value for metric in result.values() for key, value in metric.items()}
    expected = golden['metrics']
    ours = {key: float(np.mean(fields[key])) for key in expected}
    assert ours == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize('benchmark', ['MOT17', 'MOT20'])
def test_auto_follows_the_benchmark_of_the_name(
    run_trackeval, assert_same_scores, tmp_path, benchmark
):
    """Found: a pedestrian, and a bicycle trailer (class 6) that excuses in MOT20 alone."""
    name = f'{benchmark}-01'
    truth = ''.join(
        f'{f},1,{10 * f},0,40,90,1,1,1\n{f},2,{10 * f},300,40,90,0,6,1\n'
        for f in range(1, 9)
    )
    result = ''.join(
        f'{f},{i},{10 * f},{300 * i - 300},40,90,.9,-1,-1,-1\n'
        for f in range(1, 9)
        for i in (1, 2)
    )
    for file, text in (('gt', truth), ('result', result)):
        (tmp_path / f'{file}.txt').write_text(text)
    ours = evaluate_sequence(
        read_trajectories(tmp_path / 'gt.txt'),
        read_trajectories(tmp_path / 'result.txt'),
        np.arange(1, 9),
        video=VideoInfo(name, str(tmp_path / name)),
    )
    assert ours['CLEAR']['CLR_FP'] == (0 if benchmark == 'MOT20' else 8)
    assert_same_scores(ours, run_trackeval(benchmark, {name: (truth, result, 8)})[name])
