"""Images that are linked or copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.datasets.converters.image_files import place_images, require_image_files
from mmsmot.datasets.image_sequence import ImageSequence

SUFFIXES = ('.jpg', '.png')


def test_links_survive_a_change_of_folder(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = make_video()
    monkeypatch.chdir(tmp_path)
    relative = [str(Path(p).relative_to(tmp_path)) for p in video.image_paths]
    video = ImageSequence(video.video, video.frame_ids, relative)
    place_images(video, tmp_path / 'imgs', 'symlink', SUFFIXES)
    monkeypatch.chdir('/')
    names = sorted(p.name for p in (tmp_path / 'imgs').iterdir() if p.is_file())
    assert names == ['000001.png', '000002.png', '000004.png', '000007.png']


def test_a_hard_link_to_a_link_is_one_to_its_file(make_video, tmp_path: Path) -> None:
    video = make_video()
    place_images(video, tmp_path / 'one', 'symlink', SUFFIXES)
    links = [str(p) for p in sorted((tmp_path / 'one').iterdir())]
    linked = ImageSequence(video.video, video.frame_ids, links)
    place_images(linked, tmp_path / 'two', 'hardlink', SUFFIXES)
    second_image = tmp_path / 'two' / '000002.png'
    assert not second_image.is_symlink()
    assert second_image.stat().st_ino == Path(video.image_paths[1]).stat().st_ino


def test_without_images_the_way_out_is_told(make_video) -> None:
    video = make_video()
    bare = ImageSequence(video.video, video.frame_ids)
    with pytest.raises(ValueError, match='no images in .*--images none'):
        require_image_files(bare)
