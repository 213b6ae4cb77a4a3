"""SynSMOT as episodes: one target a sample, by box, click and sentence."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from projects.semtracker.datasets.interaction_classes import (
    OBJECTS,
    SUPERCATEGORIES,
    THING_ACTIONS,
    VERBS,
    frequency_groups,
)
from projects.semtracker.datasets.synsmot_episodes import (
    SynSMOTEpisodes,
    appearance_text,
    read_people,
    subject_frames,
)


def episodes(root: Path, **options) -> SynSMOTEpisodes:
    cache = str(root / 'index.npz')
    options = dict(split='train', test_mode=True, cache=cache) | options
    return SynSMOTEpisodes(data_root=str(root), **options)


def gts(dataset: SynSMOTEpisodes) -> list:
    return [dataset.get_data_info(k)['gt'] for k in range(len(dataset))]


def test_each_person_is_a_target_alone(synsmot: Path) -> None:
    dataset = episodes(synsmot)
    people = sum(
        len(json.loads(path.read_text())['people'])
        for path in synsmot.glob('train/*/*/script.json')
    )
    assert len(dataset) == people
    for row in range(len(dataset)):
        sample = dataset[row]['data_samples']
        assert len(np.unique(sample.gt_trajectories.ids)) == 1
        table = sample.gt_interactions
        target = sample.gt_trajectories.ids[0]
        sides = np.stack([table.subject_ids, table.object_ids])
        assert (np.sort(sides, axis=0)[0] == -1).all()
        assert (sides.max(axis=0) == target).all()
        assert {*table.partner_labels.tolist()} <= {*OBJECTS}
        assert {*table.verbs.tolist()} <= {*VERBS}


def test_what_people_do_is_kept_from_both_sides(synsmot: Path) -> None:
    """Each annotated pair is an event of its subject and one of its object."""
    dataset = episodes(synsmot)
    expected = Counter()
    for path in synsmot.glob('train/*/*/semantic_trajectories.json'):
        rows = json.loads(path.read_text())['trajectories']
        expected['subject'] += len(rows)
        expected['object'] += len(rows)
        for person in json.loads((path.parent / 'script.json').read_text())['people']:
            expected['subject'] += sum(
                state['action'] in THING_ACTIONS and not state['partner']
                for state in person['states']
            )
    event_counts = Counter()
    for row in range(len(dataset)):
        table = dataset[row]['data_samples'].gt_interactions
        event_counts['subject'] += int((table.subject_ids != -1).sum())
        event_counts['object'] += int((table.object_ids != -1).sum())
    assert event_counts == expected


@pytest.mark.parametrize('query', ['box', 'point', 'text'])
def test_a_prompt_names_the_target(synsmot: Path, query: str) -> None:
    dataset = episodes(synsmot, query=query)
    for row in range(len(dataset)):
        sample = dataset[row]['data_samples']
        gt, prompt = sample.gt_trajectories, sample.prompt
        if query == 'text':
            assert prompt.text.startswith(('a man', 'a woman', 'a boy', 'a girl'))
            continue
        (frame_id, place), *_ = (prompt.boxes or prompt.points).items()
        gt_row = int(np.flatnonzero(gt.frame_ids == frame_id)[0])
        assert gt.visibility[gt_row] >= 0.5
        if query == 'box':
            np.testing.assert_allclose(place, gt.boxes[gt_row])
        else:
            x1, y1, x2, y2 = gt.boxes[gt_row]
            assert x1 < place[0] < x2 and y1 < place[1] < y2
    assert (
        dataset[0]['data_samples'].prompt
        == episodes(synsmot, query=query)[0]['data_samples'].prompt
    )


def test_a_clip_to_train_on_has_the_targets_events(synsmot: Path) -> None:
    dataset = episodes(synsmot, test_mode=False, num_frames=8, query='text')
    sample = dataset[0]
    assert len(sample['inputs']) == 8
    assert len(sample['data_samples'].gt_trajectories) <= 8
    rows = [dataset[k]['data_samples'].gt_interactions for k in range(len(dataset))]
    assert sum(map(len, rows)) > 0


def test_the_tail_is_subsampled_and_the_head_stays(
    synsmot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_episodes = episodes(synsmot)
    messages = []
    name = 'projects.semtracker.datasets.synsmot_episodes.print_log'
    monkeypatch.setattr(name, lambda text, **_: messages.append(text))
    long_tail = episodes(synsmot, tail=1e6)
    lost_verbs = sorted({*all_episodes.verb_counts} - {*long_tail.verb_counts})
    assert (
        lost_verbs and f'leaves no episode of {", ".join(lost_verbs)}' in messages[-1]
    )
    names = [
        {(e['data_samples'].video.name, e['data_samples'].gt_trajectories.ids[0])}
        for e in (long_tail[k] for k in range(len(long_tail)))
    ]
    assert 0 < len(long_tail) < len(all_episodes) and len({*map(tuple, names)}) == len(
        long_tail
    )
    # Whoever does nothing, or only what is most frequent, stays.
    max_verbs = max({*map(len, map(subject_frames, gts(all_episodes)))})
    assert max_verbs > 0
    idle_targets = [gt for gt in gts(all_episodes) if not subject_frames(gt)]
    assert len([gt for gt in gts(long_tail) if not subject_frames(gt)]) == len(
        idle_targets
    )
    long_tail_again = episodes(synsmot, tail=1e6)
    assert len(long_tail_again) == len(long_tail)  # by name, not by dice
    with pytest.raises(ValueError, match='tail must be a finite number of 1 or more'):
        episodes(synsmot, tail=0.5)


def test_looks_are_told_in_a_sentence() -> None:
    look = dict(
        kind='woman',
        top='shirt',
        top_color='red',
        bottom='skirt',
        bottom_color='blue',
        hat='white',
        backpack='',
        umbrella='green',
    )
    assert appearance_text({'appearance': look}) == (
        'a woman in a red shirt and blue skirt with a white hat and a green umbrella'
    )
    look |= dict(top='dress', hat='', umbrella='')
    assert appearance_text({'appearance': look}) == 'a woman in a red dress'


def test_a_damaged_script_is_named(synsmot: Path, tmp_path: Path) -> None:
    source = next(synsmot.glob('train/*/*'))
    folder = tmp_path / 'train' / source.parent.name / source.name
    shutil.copytree(source, folder)
    script = json.loads((folder / 'script.json').read_text())
    del script['people'][0]['states'][0]['start']
    (folder / 'script.json').write_text(json.dumps(script))
    with pytest.raises(ValueError, match=r"script\.json: expected people.*'start'"):
        read_people(folder / 'script.json')
    (folder / 'script.json').unlink()
    with pytest.raises(FileNotFoundError, match='script.json'):
        SynSMOTEpisodes(data_root=str(tmp_path), cache=False).full_init()


def test_ten_supercategories_hold_each_verb_once() -> None:
    flat = [verb for verbs in SUPERCATEGORIES.values() for verb in verbs]
    assert len(SUPERCATEGORIES) == 10 and len(flat) == len({*flat}) == len(VERBS) == 32


def test_groups_are_thirds_by_frequency() -> None:
    counts = dict(a=9, b=8, c=7, d=3, e=2, f=1)
    groups = frequency_groups(counts)
    assert groups == dict(
        a='head', b='head', c='middle', d='middle', e='tail', f='tail'
    )
