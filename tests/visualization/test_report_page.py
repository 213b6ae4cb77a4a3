"""The report as a person sees it: in headless Chromium, from the file system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmsmot.structures import Interactions, SMOTDataSample, Trajectories
from mmsmot.visualization import track_color
from mmsmot.visualization.html_report import write_html_report

from .report_page import (
    EVIL,
    FRAMES,
    HEIGHT,
    WIDTH,
    data_of,
    make_sample,
    make_video,
    open_browser,
)

# [r, g, b, alpha] of the canvas at a point, in parts of its width and height.
PIXEL = """([x, y]) => {
  const canvas = document.getElementById('boxes');
  const place = [x * canvas.width, y * canvas.height];
  return [...canvas.getContext('2d').getImageData(...place, 1, 1).data];
}"""
PLAYS = """() => document.createElement('video')
  .canPlayType('video/mp4; codecs="avc1.64000a"')"""


class Opened:
    """A page in the browser, and everything it complained of or asked for."""

    def __init__(self, browser: Any, path: Path) -> None:
        self.page = browser.new_page(viewport={'width': 1200, 'height': 900})
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on('console', self.hear)
        self.page.on('pageerror', lambda e: self.complaints.append(str(e)))
        self.page.on('request', lambda r: self.requests.append(r.url))
        self.page.goto(path.as_uri())
        if not self.page.evaluate(PLAYS):
            self.page.close()
            pytest.skip('needs a browser that plays H.264: apt-get install chromium')

    def hear(self, message: Any) -> None:
        # A hint of Chromium's to whoever reads the canvas: these tests do.
        if 'willReadFrequently' not in message.text:
            self.complaints.append(message.text)

    def wait_for(self, script: str) -> None:
        self.page.wait_for_function(script, timeout=20_000)

    def frame(self) -> int:
        return int(self.page.inner_text('#clock').split()[1])

    def wait_for_frame(self, number: int) -> None:
        self.wait_for(
            "() => document.querySelector('#clock').textContent"
            f".startsWith('frame {number} ')"
        )

    def wait_for_video(self) -> None:
        self.wait_for("() => document.querySelector('#picture').readyState >= 2")

    def go_to(self, number: int) -> None:
        """By the slider, until the image is there."""
        self.page.fill('#position', str(number - 1))
        self.wait_for_frame(number)
        self.wait_for("() => !document.querySelector('#picture').seeking")

    def seconds(self) -> float:
        return self.page.evaluate("document.querySelector('#picture').currentTime")

    def pixel(self, x: float, y: float) -> list[int]:
        return self.page.evaluate(PIXEL, [x / WIDTH, y / HEIGHT])

    def is_drawn(self, track_id: int, x: float, y: float) -> bool:
        """Whether the full colour of an id is there."""
        color = [*reversed(track_color(track_id)), 255]
        return bool(np.abs(np.subtract(self.pixel(x, y), color)).max() <= 2)


@pytest.fixture(scope='module')
def browser() -> Iterator[Any]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope='module')
def path(browser, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('report')
    video = make_video(folder / 'a.mp4')
    warnings = ['The model knows synthetic people only.', EVIL]
    scores = {'track/HOTA': 71.5, 'strict/CHOTA': 0.25}
    sample = make_sample(truth=True)
    write_html_report(sample, folder / 'page.html', video, None, scores, warnings)
    video.unlink()
    return folder / 'page.html'


@pytest.fixture
def opened(browser, path) -> Iterator[Opened]:
    opened = Opened(browser, path)
    opened.wait_for_video()
    yield opened
    opened.page.close()
    assert opened.complaints == []
    outside = [url for url in opened.requests if not url.startswith('blob:')]
    assert outside == [path.as_uri()]


def test_boxes_follow_the_video(opened) -> None:
    opened.page.uncheck('#draw-arrows')
    for number in (1, 20, 12):
        opened.go_to(number)
        x, y = 10 + 4 * (number - 1), 70
        assert opened.seconds() == pytest.approx((number - 1) / 10, abs=0.03)
        assert opened.is_drawn(1, x, y)  # left edge
        assert opened.is_drawn(1, x + 20, y)  # right edge
        assert opened.is_drawn(1, x + 10, 90)  # lower edge
        assert opened.pixel(x + 10, y)[3] == 0  # the inside is left free
        assert opened.is_drawn(2, 120, 60) == (number >= 11)
    opened.page.uncheck('#draw-boxes')
    assert opened.pixel(10 + 4 * 11, 70)[3] == 0


def test_playing_moves_boxes_and_head(opened) -> None:
    opened.page.select_option('#speed', '0.25')
    opened.page.click('h1')
    opened.page.keyboard.press('Space')
    # Pressed by the page itself: on a busy machine this side may come too late.
    opened.wait_for("""() => {
      if (Number(document.querySelector('#position').value) < 5) return false;
      document.body.dispatchEvent(
        new KeyboardEvent('keydown', { key: ' ', bubbles: true }));
      return true;
    }""")
    opened.wait_for("() => document.querySelector('#picture').paused")
    opened.wait_for("() => !document.querySelector('#picture').seeking")
    opened.page.wait_for_timeout(200)  # a last image may still be on its way
    number = opened.frame()
    assert number >= 6  # no frame before the image that was shown last
    assert opened.is_drawn(1, 10 + 4 * (number - 1), 70)
    assert opened.seconds() == pytest.approx((number - 1) / 10, abs=0.12)
    head = opened.page.locator('.playhead').bounding_box()
    line = opened.page.locator('.row .line').nth(1).bounding_box()
    part = (head['x'] + 1 - line['x']) / line['width']
    assert part == pytest.approx((number - 1) / 20, abs=0.01)


def test_keys_step_frames_and_seconds(opened) -> None:
    keys = opened.page.keyboard
    for _ in range(7):
        keys.press('ArrowRight')
    assert opened.frame() == 8
    keys.press('ArrowLeft')
    assert opened.frame() == 7
    keys.press('ArrowUp')
    assert opened.frame() == 17
    keys.press('ArrowDown')
    keys.press('ArrowDown')
    assert opened.frame() == 1
    opened.page.focus('#draw-boxes')
    keys.press('Space')  # presses the box and does not play
    assert not opened.page.is_checked('#draw-boxes')
    assert opened.page.evaluate("document.querySelector('#picture').paused")


def test_a_caption_lights_up_its_person(opened) -> None:
    opened.go_to(14)
    opened.page.uncheck('#draw-arrows')
    opened.page.hover('h1')
    assert opened.is_drawn(2, 120, 60)
    assert opened.pixel(135, 80)[3] == 0
    opened.page.hover('.person[data-key="pred:1"]')
    assert opened.pixel(120, 60)[3] < 100  # the other one steps back
    assert opened.is_drawn(1, 62, 70)
    assert opened.pixel(70, 70)[3] > 20  # a veil in the box
    assert opened.page.locator('.row.lit').count() == 2  # as seen, and as in the truth
    lit = opened.page.locator('.node.lit')
    assert lit.first.text_content().endswith('1')
    opened.page.hover('h1')
    assert opened.page.locator('.lit').count() == 0
    assert opened.pixel(70, 70)[3] == 0


def test_a_person_lights_up_their_caption(opened) -> None:
    opened.go_to(14)
    box = opened.page.locator('#boxes').bounding_box()
    x, y = box['width'] * 145 / WIDTH, box['height'] * 90 / HEIGHT
    opened.page.hover('#boxes', position={'x': x, 'y': y})
    cards = opened.page.locator('.person.lit')
    assert cards.count() == 1
    assert cards.first.get_attribute('data-key') == 'pred:2'


def test_a_click_jumps(opened) -> None:
    page = opened.page
    page.click('.person[data-key="pred:2"]')
    opened.wait_for_frame(11)
    opened.wait_for("() => !document.querySelector('#picture').seeking")
    assert opened.seconds() == pytest.approx(1.0, abs=0.03)
    assert opened.is_drawn(2, 150, 90)
    page.click('.row[data-side=pred] .bar[title^="1 follow"]')
    opened.wait_for_frame(12)
    page.click('.person[data-key="pred:1"]')
    opened.wait_for_frame(1)
    page.click('.edge[aria-label^="2: wave"] text')
    opened.wait_for_frame(11)
    page.focus('.person[data-key="pred:1"]')
    page.keyboard.press('Enter')
    opened.wait_for_frame(1)


def test_motions_stand_in_their_row(opened) -> None:
    motions = opened.page.locator('.bar.motion')
    assert motions.all_text_contents() == ['→↑', '·']
    assert opened.page.get_by_text('On the bars').inner_text() == (
        'On the bars: somebody moves ← to the left, → to the right, ↓ nearer, ↑ away, · '
        'stays.'
    )
    assert [bar.get_attribute('title') for bar in motions.all()] == [
        '1: walk to the right and away, 0:00.0 to 0:01.5',
        '1: stand, 0:01.4 to 0:02.0',
    ]
    motions.last.click(position={'x': 2, 'y': 2})
    opened.wait_for_frame(15)


def test_arrows_stand_in_their_span(opened) -> None:
    opened.page.uncheck('#draw-boxes')
    drawn = """() => {
      const c = document.getElementById('boxes');
      const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
      return data.some((v) => v > 0);
    }"""
    opened.go_to(10)
    assert not opened.page.evaluate(drawn)
    opened.go_to(13)
    assert opened.page.evaluate(drawn)
    known, guessed = (
        opened.page.locator(f'.row[data-side=pred] .bar{kind}[title*="("]')
        for kind in (':not(.guess)', '.guess')
    )
    assert known.count() == guessed.count() == 1
    assert known.first.get_attribute('title') == (
        '1 follow.v.01 2 (score 0.9), 0:01.1 to 0:01.5'
    )


def test_the_truth_is_dashed(opened) -> None:
    opened.go_to(5)
    assert opened.page.locator('.person[data-side=gt]:visible').count() == 0
    opened.page.check('[name=show][value=gt]')
    assert opened.page.locator('.person[data-side=gt]:visible').count() == 2
    assert opened.page.locator('.person[data-side=pred]:visible').count() == 0
    alphas = [opened.pixel(26, y)[3] for y in np.linspace(35, 85, 60)]
    assert 0.2 < np.mean(np.array(alphas) > 200) < 0.9
    assert 'was not found' in opened.page.inner_text('.person[data-key="gt:7"]')


def test_texts_are_no_markup(opened) -> None:
    page = opened.page
    assert page.title() == 'a/street'
    assert page.locator('img').count() == 0
    assert page.locator('.person[data-key="pred:2"] .text').first.text_content() == EVIL
    assert page.locator('#warnings .warning').nth(1).text_content() == EVIL
    assert page.locator('#warnings .warning').first.is_visible()


def test_scores_are_shown(opened) -> None:
    assert opened.page.inner_text('#scores dl div >> nth=0').split() == [
        'HOTA',
        '71.50',
    ]


def test_a_video_beside_the_page(browser, tmp_path) -> None:
    video = make_video(tmp_path / 'videos/50% of #1?.mp4')
    page = tmp_path / 'pages/page.html'
    write_html_report(make_sample(), page, video, embed_limit=0)
    opened = Opened(browser, page)
    opened.wait_for_video()
    opened.go_to(9)
    assert opened.is_drawn(1, 42, 70)
    assert opened.complaints == []
    video.unlink()
    opened.page.reload()
    opened.wait_for("() => !document.querySelector('#trouble').hidden")
    assert '50% of #1?.mp4 is not beside' in opened.page.inner_text('#trouble')
    opened.page.fill('#position', '8')
    assert opened.is_drawn(1, 42, 70)  # boxes alone
    opened.page.close()


def test_without_a_video_time_passes_all_the_same(browser, tmp_path) -> None:
    write_html_report(make_sample(), tmp_path / 'page.html')
    opened = Opened(browser, tmp_path / 'page.html')
    opened.page.keyboard.press('Space')
    opened.wait_for("() => document.querySelector('#position').value === '19'")
    opened.wait_for("() => document.querySelector('#play').ariaLabel === 'Play'")
    opened.page.fill('#position', '8')
    assert opened.is_drawn(1, 42, 70)
    assert opened.complaints == []
    opened.page.close()


def test_boxes_end_with_the_frames_looked_at(browser, tmp_path) -> None:
    """The video goes on; at its own end the last image keeps its boxes."""
    sample = make_sample()
    sample.set_metainfo(dict(frame_ids=np.arange(1, 16)))
    rows = sample.pred_trajectories
    sample.pred_trajectories = rows[rows.frame_ids <= 15]
    video = make_video(tmp_path / 'a.mp4')
    write_html_report(sample, tmp_path / 'cut.html', video)
    write_html_report(make_sample(), tmp_path / 'whole.html', video)
    for name, text in (('cut', 'no frame'), ('whole', 'frame 20 ')):
        opened = Opened(browser, tmp_path / f'{name}.html')
        opened.wait_for_video()
        opened.page.select_option('#speed', '4')
        opened.page.click('#play')
        opened.wait_for("() => document.querySelector('#picture').ended")
        opened.wait_for(
            f"() => document.querySelector('#clock').textContent.startsWith('{text}')"
        )
        assert opened.is_drawn(1, 86, 70) == (name == 'whole')
        assert opened.complaints == []
        opened.page.close()


def test_given_times_count(browser, tmp_path) -> None:
    """Frames of variable length: 12 quick ones, then slow ones."""
    times = np.r_[np.arange(12) * 0.05, 0.6 + np.arange(8) * 0.15]
    video = make_video(tmp_path / 'a.mp4')
    write_html_report(make_sample(), tmp_path / 'page.html', video, times)
    opened = Opened(browser, tmp_path / 'page.html')
    opened.wait_for_video()
    for seconds, number in ((0.53, 11), (0.61, 13), (1.0, 15)):
        opened.page.evaluate(
            f"document.querySelector('#picture').currentTime = {seconds}"
        )
        opened.wait_for_frame(number)
    assert 'rate varies' in opened.page.inner_text('#notes')
    opened.page.close()


def test_a_minute_has_sixty_seconds(browser, tmp_path) -> None:
    sample = make_sample()
    write_html_report(
        sample, tmp_path / 'page.html', None, 59.97 + np.arange(FRAMES) * 0.1
    )
    opened = Opened(browser, tmp_path / 'page.html')
    title = opened.page.locator('#timeline .bar').first.get_attribute('title')
    assert title.startswith('1 is seen, 1:00.0 to 1:0')
    opened.page.close()


PLATE_PIXELS = """() => {
  const c = document.getElementById('boxes');
  const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  return data.filter((v, i) => i % 4 === 3 && v === 217).length;
}"""  # 85 % of 255, as the plates of words are opaque


def test_words_of_truth_and_prediction_stand_apart(browser, tmp_path) -> None:
    sample = make_sample()
    sample.gt_trajectories = sample.pred_trajectories
    sample.pred_interactions = Interactions([1], [2], ['follow.v.01'], [12], [15])
    sample.gt_interactions = sample.pred_interactions
    write_html_report(sample, tmp_path / 'page.html')
    opened = Opened(browser, tmp_path / 'page.html')
    opened.page.uncheck('#draw-boxes')
    opened.page.fill('#position', '12')
    opened.wait_for_frame(13)
    plates = opened.page.evaluate(PLATE_PIXELS)
    assert plates > 200
    opened.page.check('[name=show][value=both]')
    # An arrow runs behind the first plate, and none behind the second.
    assert opened.page.evaluate(PLATE_PIXELS) > 2 * plates
    opened.page.close()


def test_on_a_telephone_no_times_overlap(browser, tmp_path) -> None:
    write_html_report(make_sample(), tmp_path / 'page.html')
    opened = Opened(browser, tmp_path / 'page.html')
    opened.page.set_viewport_size({'width': 400, 'height': 800})
    assert opened.page.evaluate('document.documentElement.scrollWidth') <= 400
    ticks = opened.page.locator('.tick:visible').all()
    boxes = [tick.bounding_box() for tick in ticks]
    assert len(boxes) >= 2
    for left, right in pairwise(boxes):
        assert left['x'] + left['width'] <= right['x']
    opened.page.close()


def make_crowd(people: int, words: int) -> SMOTDataSample:
    """People in a row over all frames, each pushing the two to the right."""
    ids = np.tile(np.arange(1, people + 1), FRAMES)
    left = 2.0 * ids
    boxes = np.stack([left, left * 0 + 40, left + 2, left * 0 + 80], axis=1)
    sample = make_sample()
    frames = np.repeat(np.arange(1, FRAMES + 1), people)
    sample.pred_trajectories = Trajectories(frames, ids, boxes)
    sample.pred_captions = {i: f'Person {i} ' + words * 'walks ' for i in ids.tolist()}
    subjects = np.repeat(np.arange(1, people - 1), 2)
    objects = subjects + np.tile([1, 2], people - 2)
    count = len(subjects)
    sample.pred_interactions = Interactions(
        subjects, objects, ['push.v.01'] * count, [1] * count, [FRAMES] * count
    )
    return sample


def test_a_crowd_of_long_captions_stays_usable(browser, tmp_path) -> None:
    """10,000 words each: they took the browser 20 seconds, and 80,000 pixels of height."""
    write_html_report(make_crowd(60, 10_000), tmp_path / 'page.html')
    opened = Opened(browser, tmp_path / 'page.html')
    page = opened.page
    assert page.evaluate('document.documentElement.scrollHeight') < 4000
    text = page.locator('.person[data-key="pred:1"] .text')
    assert len(text.text_content()) == 600
    more = page.locator('#people .more').first
    assert more.text_content() == 'show all 60,009 letters'
    more.click()
    assert len(text.text_content()) == 60_009
    assert page.locator('#people .more').count() == 59
    # Only those who interact most are nodes.
    assert page.locator('#graph .node').count() == 24
    assert 'The 24 of 60 people' in page.inner_text('#graph .legend')
    # Arrows of one person alone, since all of them would cover everything.
    page.uncheck('#draw-boxes')
    assert opened.pixel(80, 30)[3] == 0
    page.hover('.person[data-key="pred:40"]')
    drawn = page.evaluate("""() => {
      const c = document.getElementById('boxes');
      const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height / 2);
      return data.filter((v, i) => i % 4 === 3 && v > 0).length;
    }""")
    assert (
        0
        < drawn
        < 0.1
        * page.evaluate("(c => c.width * c.height)(document.getElementById('boxes'))")
    )
    assert opened.complaints == []
    page.close()


def test_of_many_interactions_the_surest_have_rows(browser, tmp_path) -> None:
    sample = make_crowd(60, 1)
    count = 1200
    verbs = [f'verb{n}.v.01' for n in range(count)]
    scores = np.where(np.arange(count) < 200, 0.5, 0.9)
    starts = np.full(count, 1)
    sample.pred_interactions = Interactions(
        starts, starts + 1, verbs, starts, starts + 5, scores
    )
    write_html_report(sample, tmp_path / 'page.html')
    opened = Opened(browser, tmp_path / 'page.html')
    titles = opened.page.locator('.bar[title*="verb"]')
    assert titles.count() == 1000
    assert titles.first.get_attribute('title').startswith('1 verb200.v.01 2')
    legend = opened.page.inner_text('#timeline + .legend')
    assert legend == 'The 1000 surest of 1200 interactions.'
    opened.page.close()


def test_a_name_of_control_characters(browser, tmp_path) -> None:
    sample = make_sample()
    name = '\x1b[31mevil\x07\u202egpj.mp4'
    sample.set_metainfo(dict(video=replace(sample.video, name=name)))
    write_html_report(sample, tmp_path / 'page.html')
    opened = Opened(browser, tmp_path / 'page.html')
    assert opened.page.title() == '�[31mevil��gpj.mp4'
    assert opened.page.inner_text('h1') == '�[31mevil��gpj.mp4'
    assert data_of(tmp_path / 'page.html')['name'] == '�[31mevil��gpj.mp4'
    opened.page.close()
