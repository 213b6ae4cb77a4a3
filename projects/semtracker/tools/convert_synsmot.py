"""Write SynSMOT's semantic tracking episodes in SemTrack's two formats.

    python projects/semtracker/tools/convert_synsmot.py data/SynSMOT --split val \\
        --json val.json --mot mot_val

Each target is a query, named by its sentence, with everybody else of its video. Things
have no boxes in SynSMOT, so that an interaction with a thing has a class and no partner.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets import BenSMOTDataset
    from projects.semtracker.datasets.interaction_classes import PEOPLE, VERBS
    from projects.semtracker.datasets.semtrack_episodes import semtrack_query
    from projects.semtracker.datasets.semtrack_json import (
        SemTrackQuery,
        write_semtrack_json,
    )
    from projects.semtracker.datasets.semtrack_mot import write_semtrack_mot
    from projects.semtracker.datasets.synsmot_episodes import (
        SCRIPT,
        SynSMOTEpisodes,
        read_people,
        with_thing_interactions,
    )


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder of a SynSMOT')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='val')
    parser.add_argument('--json', help='file in the TAO-style form')
    parser.add_argument('--mot', help='folder in the MOT-style form, with seqmap.txt')
    parser.add_argument('--index', help="file of the dataset's index")
    args = parser.parse_args()
    if args.json is None and args.mot is None:
        parser.error('nothing to write: give --json FILE, --mot FOLDER, or both')
    return args


def main() -> None:
    args = parse_args()
    dataset = SynSMOTEpisodes(
        data_root=args.data_root,
        split=args.split,
        query='text',
        test_mode=True,
        cache=args.index or True,
    )
    queries = [*synsmot_queries(dataset)]
    if args.json is not None:
        write_semtrack_json(
            args.json, queries, dict(enumerate(PEOPLE)), dict(enumerate(VERBS))
        )
        print(f'{args.json}: {len(queries)} queries')
    if args.mot is not None:
        seqmap = Path(args.mot) / 'seqmap.txt'
        write_semtrack_mot(args.mot, seqmap, [mot_query(query) for query in queries])
        print(f'{seqmap}: {len(queries)} sequences')


def synsmot_queries(dataset: SynSMOTEpisodes) -> Iterator[SemTrackQuery]:
    """A query for each episode, with everybody of its video."""
    clips = BenSMOTDataset(
        data_root=dataset.data_root,
        split=dataset.split,
        test_mode=True,
        cache=dataset.cache,
    )
    infos = [clips.get_data_info(k) for k in range(len(clips))]
    gt_of = {info['video'].video.path: info['gt'] for info in infos}
    people_of = {path: read_people(Path(path) / SCRIPT) for path in gt_of}
    for number in range(len(dataset)):
        episode = dataset.get_data_info(number)
        video = episode['video']
        gt, people = gt_of[video.video.path], people_of[video.video.path]
        labels = {
            person_id: PEOPLE.index(person['appearance']['kind'])
            for person_id, person in people.items()
        }
        yield semtrack_query(
            video.video.name,
            episode['prompt'].text,
            video.frame_ids,
            gt.trajectories,
            int(episode['gt'].trajectories.ids[0]),
            with_thing_interactions(gt.interactions, people),
            labels,
            VERBS,
        )


def mot_query(query: SemTrackQuery) -> SemTrackQuery:
    """The query with a video name that is one folder."""
    return replace(query, video=query.video.replace('/', '-'))


if __name__ == '__main__':
    run_tool(main)
