"""Many sequences: resumed, atomic, never mixed up."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.datasets.converters import convert_sequences, write_bensmot_sequence
from mmsmot.datasets.converters.bensmot_folder import bensmot_name
from mmsmot.datasets.image_sequence import ImageSequence


@pytest.fixture
def videos(make_video, gt) -> list[dict]:
    """Three videos."""
    names = ('a/1', 'a/2', 'b/1')
    return [dict(video=make_video(name), gt=gt) for name in names]


def run(videos: list[dict], out: Path, **options):
    return convert_sequences(
        videos, out, bensmot_name, write_bensmot_sequence, **options
    )


def test_what_is_finished_is_kept_and_the_rest_is_done(
    videos: list[dict], tmp_path: Path
) -> None:
    out = tmp_path / 'out/train'
    broken: ImageSequence = videos[1]['video']
    picture = Path(broken.image_paths[0])
    bytes_of_it = picture.read_bytes()
    picture.unlink()
    with pytest.raises(FileNotFoundError, match='a/2: 1 of 4 images'):
        run(videos, out, placement='copy')
    assert [p.name for p in (out / 'a').iterdir()] == ['1']
    mark = out / 'a/1/video_caption.txt'
    mark.write_text('kept')
    (out / 'a' / '.2.abc_1234.partial' / 'imgs').mkdir(parents=True)  # of a killed run
    picture.write_bytes(bytes_of_it)
    done = run(videos, out, placement='copy')
    assert (done.num_written, done.num_existing) == (2, 1)
    assert str(done) == '2 sequences written, 1 already there'
    assert mark.read_text() == 'kept'
    folders_written = sorted(p.relative_to(out).as_posix() for p in out.glob('*/*'))
    assert folders_written == ['a/1', 'a/2', 'b/1']
    assert run(videos, out).num_written == 0


def test_one_call_at_a_time(videos: list[dict], tmp_path: Path) -> None:
    """A second call took the first one's half-written folder for a killed one's."""
    out = tmp_path / 'out'

    def meanwhile():
        yield videos[0]
        with pytest.raises(BlockingIOError, match='out'):
            run(videos, out)
        yield videos[1]

    assert run(meanwhile(), out).num_written == 2


def test_hidden_folders_of_the_user_stay(videos: list[dict], tmp_path: Path) -> None:
    out = tmp_path / 'out'
    mine = [out / '.notes.partial', out / 'a/.1.partial', out / 'a/.9.abc_1234.partial']
    for folder in mine:
        folder.mkdir(parents=True)
    run(videos, out)
    assert all(folder.is_dir() for folder in mine)


def test_two_videos_for_one_folder_are_an_error(make_video, gt, tmp_path) -> None:
    twins = [dict(video=make_video(name), gt=gt) for name in ('x/a/1', 'y/a/1')]
    with pytest.raises(ValueError, match="'x/a/1' and 'y/a/1' would both be"):
        run(twins, tmp_path / 'out')


def test_an_unknown_placement_is_refused(videos: list[dict], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="placement must be one of .*'move'"):
        run(videos, tmp_path / 'out', placement='move')


def test_each_parent_is_listed_once(
    make_video, gt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listing it for every sequence takes quadratic time."""
    folders: list[Path] = []
    list_folder = Path.iterdir

    def note(folder: Path):
        folders.append(folder)
        return list_folder(folder)

    monkeypatch.setattr(Path, 'iterdir', note)
    names = [f'a/{number}' for number in range(5)]
    out = tmp_path / 'out'
    (out / 'a' / '.3.abc_1234.partial').mkdir(parents=True)
    run([dict(video=make_video(name), gt=gt) for name in names], out)
    assert folders.count(out / 'a') == 1
    assert sorted(path.name for path in list_folder(out / 'a')) == list('01234')
