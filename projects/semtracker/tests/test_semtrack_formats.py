"""SemTrack's two formats: read with counted repairs, written, and to ours and back."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path

import numpy as np
import pytest

from projects.semtracker.datasets.format_repairs import FormatRepairs
from projects.semtracker.datasets.interaction_classes import OBJECTS, VERBS
from projects.semtracker.datasets.relation_tracks import AnnotatedCategories
from projects.semtracker.datasets.semtrack_dataset import SemTrackDataset
from projects.semtracker.datasets.semtrack_episodes import (
    semtrack_query,
    target_events,
    target_trajectory,
)
from projects.semtracker.datasets.semtrack_json import (
    read_semtrack_json,
    write_semtrack_json,
)
from projects.semtracker.datasets.semtrack_mot import (
    read_semtrack_mot,
    write_semtrack_mot,
)
from projects.semtracker.datasets.synsmot_episodes import SynSMOTEpisodes, read_people


def annotation(image: int, track: int, **changes) -> dict:
    entry = dict(
        image_id=image,
        video_id=1,
        track_id=track,
        category_id=1,
        bbox=[0, 0, 10, 20],
        main_object=int(track == 1),
        relation_sub_category_id=-1,
        relation_obj_category_id=-1,
    )
    return entry | changes


CONTENT = dict(
    videos=[
        dict(
            id=1,
            name='YFCC/a',
            lang='the red man',
            neg_category_ids=[],
            not_exhaustive_category_ids=[],
        )
    ],
    images=[dict(id=10 + k, video_id=1, frame_index=k) for k in range(4)],
    tracks=[dict(id=1, category_id=1), dict(id=2, category_id=2)],
    categories=[dict(id=1, name='adult'), dict(id=2, name='dog')],
    relation_categories=[dict(id=0, name='hold'), dict(id=5, name='lead')],
    annotations=[
        *(annotation(10 + k, 1, relation_sub_category_id=5) for k in range(2)),
        *(annotation(10 + k, 1, relation_obj_category_id=0) for k in (2, 3)),
        *(
            annotation(
                10 + k, 2, category_id=2, bbox=[30, 5, 9, 9], relation_obj_category_id=5
            )
            for k in range(2)
        ),
    ],
)


def written(tmp_path: Path, content: dict) -> Path:
    path = tmp_path / 'gt.json'
    path.write_text(json.dumps(content))
    return path


def test_a_target_its_events_and_whom_with(tmp_path: Path) -> None:
    content = read_semtrack_json(written(tmp_path, CONTENT), strict=True)
    (query,) = content.queries
    assert query.name == 'a_the_red_man'
    assert target_trajectory(query).frame_ids.tolist() == [1, 2, 3, 4]
    events = target_events(query, content.categories, content.relations)
    assert events.verbs.tolist() == ['lead', 'hold']
    assert events.partner_labels.tolist() == ['dog', '']
    assert events.subject_ids.tolist() == [1, -1]
    assert events.object_ids.tolist() == [-1, 1]
    spans = [
        *zip(events.start_frames.tolist(), events.end_frames.tolist(), strict=True)
    ]
    assert spans == [(1, 2), (3, 4)]


@pytest.mark.parametrize(
    ('change', 'kind'),
    [
        (dict(relation_sub_category_id=77), 'relation_unknown'),
        (dict(relation_sub_category_id=None), 'relation_missing'),
        (dict(bbox=[0, 0, 0, 5]), 'box_invalid'),
        (dict(image_id=99), 'image_unknown'),
        (dict(category_id=9), 'category_unknown'),
        (dict(image_id=11), 'box_repeated'),
    ],
)
def test_repairs_are_counted_or_refused(
    tmp_path: Path, change: dict, kind: str
) -> None:
    content = copy.deepcopy(CONTENT)
    content['annotations'][0] |= change
    path = written(tmp_path, content)
    repairs = read_semtrack_json(path).repairs
    assert dict(repairs.counts) == {kind: 1}
    assert repairs.examples[kind][0].startswith('annotations[')
    with pytest.raises(ValueError, match=r'gt\.json: annotations\[\d\].*strict'):
        read_semtrack_json(path, strict=True)


def test_without_main_object_the_longest_track_is_the_target(tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    for entry in content['annotations']:
        del entry['main_object']
    read = read_semtrack_json(written(tmp_path, content))
    assert read.repairs.counts == {'main_object_missing': 6, 'main_object_none': 1}
    assert {*target_trajectory(read.queries[0]).ids.tolist()} == {1}


def test_one_track_is_the_target_in_all_its_boxes(tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    content['annotations'][0]['main_object'] = 0
    content['annotations'][5]['main_object'] = 1  # of track 2
    path = written(tmp_path, content)
    read = read_semtrack_json(path)
    assert read.repairs.counts == {'main_object_several': 1, 'main_object_partial': 1}
    target = target_trajectory(read.queries[0])
    assert {*target.ids.tolist()} == {1}
    assert target.frame_ids.tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match='several main objects'):
        read_semtrack_json(path, strict=True)


def test_two_images_of_one_frame(tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    content['images'].append(dict(id=77, video_id=1, frame_index=0))
    content['annotations'][0]['image_id'] = 77
    read = read_semtrack_json(written(tmp_path, content))
    assert read.repairs.counts == {'image_repeated': 1, 'image_unknown': 1}
    assert read.queries[0].frame_ids.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            dict(relation_sub_category_id=[3]),
            r'relation_sub_category_id must be a whole',
        ),
        (dict(relation_obj_category_id='push'), "whole number, got 'push'"),
        (dict(bbox='abc'), "bbox must be four numbers.*got 'abc'"),
        (dict(track_id=None), 'track_id must be a whole number, got None'),
        (dict(image_id=[1]), r'image_id must be a whole number, got \[1\]'),
    ],
)
def test_values_that_are_no_numbers_are_named(
    tmp_path: Path, change: dict, message: str
) -> None:
    content = copy.deepcopy(CONTENT)
    content['annotations'][2] |= change
    with pytest.raises(ValueError, match=rf'gt\.json: annotations\[2\]: .*{message}'):
        read_semtrack_json(written(tmp_path, content))
    content = copy.deepcopy(CONTENT)
    content['images'][1]['frame_index'] = None
    with pytest.raises(ValueError, match=r'images\[1\]: frame_index must be a whole'):
        read_semtrack_json(written(tmp_path, content))
    for name in ('videos', 'relation_categories'):
        content = copy.deepcopy(CONTENT)
        content[name][0]['id'] = ['7']
        with pytest.raises(ValueError, match=rf'{name}\[0\]: id must be a whole'):
            read_semtrack_json(written(tmp_path, content))


@pytest.mark.parametrize(
    ('broken', 'message'),
    [
        ([], 'expected an object with a list'),
        ({**CONTENT, 'images': None}, "a list 'images'"),
        ({**CONTENT, 'videos': [{'id': 1}]}, r"videos\[0\] has no 'name'"),
    ],
)
def test_what_is_no_semtrack_is_refused(tmp_path: Path, broken, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_semtrack_json(written(tmp_path, broken))


def test_json_round_trip(tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    content['videos'][0] |= dict(
        neg_category_ids=[2, 1], not_exhaustive_category_ids=[1]
    )
    file_read = read_semtrack_json(written(tmp_path, content))
    path = tmp_path / 'again.json'
    write_semtrack_json(
        path, file_read.queries, file_read.categories, file_read.relations
    )
    file_reread = read_semtrack_json(path, strict=True)
    assert file_reread.queries[0].annotated == AnnotatedCategories({1, 2}, {1})
    tables = [vars(content.queries[0].tracks) for content in (file_read, file_reread)]
    for name, column in tables[0].items():
        np.testing.assert_array_equal(column, tables[1][name], err_msg=name)


def test_synsmot_there_and_back(synsmot: Path, tmp_path: Path) -> None:
    """A target's events with people survive SemTrack's form, partner classes and all."""
    dataset = SynSMOTEpisodes(
        data_root=str(synsmot), test_mode=True, cache=str(synsmot / 'index.npz')
    )
    clips = {
        i['video'].video.name: i
        for i in super(SynSMOTEpisodes, dataset).load_data_list()
    }
    queries, expected = [], []
    kinds = {k: name for k, name in enumerate(OBJECTS, start=1)}
    for episode in dataset.load_data_list():
        info = clips[episode['video'].video.name]
        gt = info['gt']
        people = read_people(Path(info['video'].video.path) / 'script.json')
        label = {
            i: 1 + OBJECTS.index(person['appearance']['kind'])
            for i, person in people.items()
        }
        target = int(episode['gt'].trajectories.ids[0])
        queries.append(
            semtrack_query(
                f'{info["video"].video.name}-{target}',
                'it',
                info['video'].frame_ids,
                gt.trajectories,
                target,
                gt.interactions,
                label,
                VERBS,
            )
        )
        expected.append(episode['gt'].interactions)
    path = tmp_path / 'synsmot.json'
    write_semtrack_json(path, queries, kinds, dict(enumerate(VERBS)))
    read = read_semtrack_json(path, strict=True)
    count = 0
    for query, gt in zip(read.queries, expected, strict=True):
        events = target_events(query, read.categories, read.relations)
        event_keys, gt_keys = (
            {
                (str(v), int(s) == -1, str(p))
                for v, s, p in zip(
                    t.verbs, t.subject_ids, t.partner_labels, strict=True
                )
            }
            for t in (events, gt[np.isin(gt.partner_labels, OBJECTS[:4])])
        )
        assert event_keys == gt_keys
        count += len(event_keys)
    assert count == 20


def test_mot_style_round_trip_counts_from_0(tmp_path: Path) -> None:
    content = read_semtrack_json(written(tmp_path, CONTENT))
    content.queries[0].video = 'a'
    write_semtrack_mot(tmp_path / 'mot', tmp_path / 'map.txt', content.queries)
    text = (tmp_path / 'mot/a/the red man/gt.txt').read_text()
    assert text.splitlines()[0] == '0,1,0,0,10,20,1,1'
    (query,) = read_semtrack_mot(tmp_path / 'mot', tmp_path / 'map.txt')
    assert query.frame_ids.tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(
        query.tracks.boxes, target_trajectory(content.queries[0]).boxes
    )
    (tmp_path / 'map.txt').write_text('a\n')
    with pytest.raises(ValueError, match=r'map\.txt:1: expected "seq,lang"'):
        read_semtrack_mot(tmp_path / 'mot', tmp_path / 'map.txt')
    content.queries[0].text = 'a man, in "red"'  # the map is CSV
    write_semtrack_mot(tmp_path / 'mot', tmp_path / 'map.txt', content.queries)
    assert (tmp_path / 'map.txt').read_text() == 'a,"a man, in ""red"""\n'
    (query,) = read_semtrack_mot(tmp_path / 'mot', tmp_path / 'map.txt')
    assert query.text == 'a man, in "red"'
    with pytest.raises(ValueError, match='has the query .* twice'):
        write_semtrack_mot(tmp_path, tmp_path / 'map.txt', content.queries * 2)
    content.queries[0].text = '../up'
    with pytest.raises(ValueError, match='is no name of a folder'):
        write_semtrack_mot(tmp_path / 'mot', tmp_path / 'map.txt', content.queries)


def test_a_dataset_of_queries(tmp_path: Path) -> None:
    written(tmp_path, CONTENT)
    dataset = SemTrackDataset(
        data_root=str(tmp_path), annotations='gt.json', test_mode=True
    )
    sample = dataset[0]['data_samples']
    assert sample.prompt.text == 'the red man' and sample.video.name == 'a_the_red_man'
    assert sample.gt_interactions.partner_labels.tolist() == ['dog', '']
    dataset = SemTrackDataset(
        data_root=str(tmp_path), annotations='gt.json', query='box', test_mode=True
    )
    assert dataset[0]['data_samples'].prompt.boxes == {1: (0, 0, 10, 20)}


def test_one_sentence_in_two_videos_of_one_name(tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    content['videos'].append(dict(id=2, name='TAO/a', lang='the red man'))
    content['images'].append(dict(id=50, video_id=2, frame_index=0))
    written(tmp_path, content)
    options = dict(data_root=str(tmp_path), annotations='gt.json', test_mode=True)
    dataset = SemTrackDataset(**options)
    names = [dataset[k]['data_samples'].video.name for k in range(len(dataset))]
    assert names == ['TAO_a_the_red_man', 'YFCC_a_the_red_man']
    with pytest.raises(ValueError, match="'TAO/a' has no box of its target"):
        SemTrackDataset(**options, query='box')


def test_strict_repairs_name_the_file() -> None:
    with pytest.raises(ValueError, match='file.json: here'):
        FormatRepairs('file.json', strict=True).add('box_invalid', 'here')


def test_many_videos_are_read_in_one_pass(tmp_path: Path) -> None:
    """Images are grouped by video once: ten times the videos is not a hundred times."""
    seconds = []
    for count in (40, 400):
        content = CONTENT | dict(
            videos=[dict(id=v, name=f'v{v}', lang='x') for v in range(count)],
            images=[
                dict(id=v * 50 + k, video_id=v, frame_index=k)
                for v in range(count)
                for k in range(50)
            ],
            annotations=[],
        )
        path = written(tmp_path, content)
        start = time.process_time()
        read = read_semtrack_json(path)
        seconds.append(time.process_time() - start)
        assert [len(query.frame_ids) for query in read.queries] == [50] * count
    assert seconds[1] < 40 * seconds[0]
