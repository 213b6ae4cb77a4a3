/* The page: its parts are made, joined and moved by keys. */

const SIDE_NAMES = { pred: 'Prediction', gt: 'Truth' };
const SILENCE = {
  pred: 'This configuration only tracks: it describes nothing.',
  gt: 'The truth has no words.',
};
const report = JSON.parse(document.getElementById('data').textContent);
const clock = new Clock(report);
const light = new Light();

for (const [side, { people }] of Object.entries(report.sides)) {
  const across = side === 'pred' ? 'gt' : 'pred';
  for (const person of people) {
    person.keys = [keyOf(side, person.id)];
    if (person.other !== null) person.keys.push(keyOf(across, person.other));
  }
}

function shownSides() {
  const { show } = document.body.dataset;
  return Object.keys(report.sides).filter((side) => show === 'both' || show === side);
}

function tellFacts() {
  document.getElementById('name').textContent = report.name;
  document.getElementById('prompt').textContent = report.prompt && `asked for ${report.prompt}`;
  const first = report.sides.pred || report.sides.gt;
  const seen = first.people.filter((person) => person.at.length).length;
  const size = report.width && report.height ? `${report.width}×${report.height}, ` : '';
  const many = (number, one, more) => `${number} ${number === 1 ? one : more}`;
  document.getElementById('facts').textContent = [
    `${size}${report.frames.length} frames in ${clockText(report.end - report.times[0], 1)}`
    + `, ${Number(report.fps.toFixed(2))} frames/s`,
    many(seen, 'track', 'tracks'),
    many(first.interactions.length, 'interaction', 'interactions'),
  ].join(' · ');
  const warnings = document.getElementById('warnings');
  for (const text of report.warnings) {
    warnings.append(make('p', { className: 'warning text' }, text));
  }
  const notes = document.getElementById('notes');
  for (const text of report.notes) notes.append(make('p', {}, text));
}

/** A text, behind a long one's beginning a button for the rest; or what stands for none. */
function textParts(side, text, otherwise) {
  if (!text.trim()) return [make('span', { className: 'none' }, otherwise)];
  const span = make('span', { className: 'text', dir: 'auto' }, beginning(text));
  if (text.length <= LONG) return [span];
  const label = `show all ${text.length.toLocaleString('en')} letters`;
  const more = make('button', { type: 'button', className: 'more', dataset: { side } }, label);
  onClick(more, () => {
    span.textContent = text;
    more.remove();
  });
  return [span, more];
}

function tellVideoCaptions() {
  const root = document.getElementById('video-captions');
  for (const [side, { caption, described }] of Object.entries(report.sides)) {
    const name = make('small', {}, SIDE_NAMES[side]);
    const nothing = described ? 'Nothing is said of the video.' : SILENCE[side];
    const parts = textParts(side, caption, nothing);
    root.append(make('p', { className: 'video-caption' }, name, ...parts));
  }
}

/** The card of a person, and the button for the rest of a long caption. */
function personParts(side, person) {
  const nothing = report.sides[side].described ? 'Nothing is said.' : 'No words.';
  const [text, ...more] = textParts(side, person.caption, nothing);
  const words = make('span', { className: 'words' }, text);
  if (side === 'pred' && report.sides.gt) {
    const truth = person.other === null
      ? 'Truth: nobody is there'
      : `Truth (${person.other}): ${beginning(person.other_caption) || 'nothing is said'}`;
    words.append(make('small', { className: 'text' }, truth));
  } else if (side === 'gt' && report.sides.pred && person.other === null) {
    words.append(make('small', {}, 'was not found'));
  }
  const dataset = { side, key: keyOf(side, person.id) };
  const card = make('button', { type: 'button', className: 'person', dataset },
    chip(person, side), words);
  light.wire(card, [dataset.key], { lights: person.keys });
  if (person.at.length) onClick(card, () => clock.seek(person.at[0]));
  else words.append(make('small', {}, 'has no box'));
  const seen = new Set(person.at);
  clock.addEventListener('frame', () => {
    card.classList.toggle('absent', !seen.has(clock.position));
  });
  return [card, ...more];
}

function tellPeople() {
  const root = document.getElementById('people');
  for (const [side, { people }] of Object.entries(report.sides)) {
    if (!people.length) {
      root.append(make('p', { className: 'none', dataset: { side } }, 'Nobody.'));
    }
    for (const person of people) root.append(...personParts(side, person));
  }
  if (!report.sides.gt || !report.sides.pred) return;
  const missed = report.sides.gt.people.filter((p) => p.other === null && p.at.length);
  if (missed.length) {
    const text = `Not found: ${missed.length} of ${report.sides.gt.people.length} true `
      + 'people (grey in the truth).';
    root.append(make('p', { className: 'legend', dataset: { side: 'pred' } }, text));
  }
}

function tellScores() {
  if (!report.scores.length) return;
  const root = document.getElementById('scores');
  report.scores.forEach(({ name, rows }, n) => {
    const list = make('dl');
    for (const [key, value] of rows) {
      list.append(make('div', {}, make('dt', {}, key), make('dd', {}, value)));
    }
    const details = make('details', { open: n === 0 },
      make('summary', {}, name || 'scores'), list);
    root.append(details);
  });
  document.getElementById('scores-part').hidden = false;
}

function complain(text) {
  const trouble = document.getElementById('trouble');
  trouble.textContent = text;
  trouble.hidden = false;
}

function openVideo() {
  const video = document.getElementById('picture');
  const text = document.getElementById('video-bytes');
  if (!report.video) {
    complain('This report has no video; only the boxes are shown.');
    return;
  }
  let { src } = report.video;
  if (src === null) {
    const bytes = Uint8Array.from(atob(text.textContent), (c) => c.charCodeAt(0));
    src = URL.createObjectURL(new Blob([bytes], { type: report.video.type }));
    text.textContent = '';
  }
  video.addEventListener('error', () => {
    const { src: link } = report.video;
    const name = link && decodeURIComponent(link).replace(/^\.\//, '');
    const why = link === null ? 'This browser cannot play the video'
      : `The video ${name} is not beside this page, or this browser cannot play it`;
    complain(`${why}; only the boxes are shown.`);
    clock.use(new StandIn(report.end));
    clock.seek(Math.max(0, clock.position));
  });
  video.addEventListener('loadedmetadata', () => clock.seek(Math.max(0, clock.position)));
  clock.use(video);
  video.src = src;
}

function wireControls() {
  const [play, slider] = ['play', 'position'].map((id) => document.getElementById(id));
  slider.max = report.times.length - 1;
  const showPlaying = () => {
    play.textContent = clock.player.paused ? '▶' : '❚❚';
    play.setAttribute('aria-label', clock.player.paused ? 'Play' : 'Pause');
  };
  clock.addEventListener('playing', showPlaying);
  showPlaying();
  onClick(play, () => clock.toggle());
  slider.addEventListener('input', () => clock.seek(Number(slider.value)));
  document.getElementById('speed').addEventListener('change', (event) => {
    clock.player.playbackRate = Number(event.target.value);
  });
  const tellFrame = () => {
    const k = clock.position;
    const seconds = k < 0 ? 'no frame' : `${clockText(report.times[k], 2)}`;
    const text = k < 0 ? seconds : `frame ${report.frames[k]} · ${seconds}`;
    document.getElementById('clock').textContent = text;
    slider.setAttribute('aria-valuetext', text);
    if (k >= 0) slider.value = k;
  };
  clock.addEventListener('frame', tellFrame);
}

function wireSides(stage) {
  const sides = Object.keys(report.sides);
  document.body.dataset.show = sides[0];
  document.getElementById('show').hidden = sides.length < 2;
  for (const radio of document.querySelectorAll('[name=show]')) {
    radio.checked = radio.value === sides[0];
    radio.addEventListener('change', () => {
      document.body.dataset.show = radio.value;
      stage.draw();
    });
  }
}

const KEYS = {
  ' ': () => clock.toggle(),
  ArrowLeft: () => clock.step(-1),
  ArrowRight: () => clock.step(1),
  ArrowUp: () => clock.seekTime(clock.times[Math.max(0, clock.position)] + 1),
  ArrowDown: () => clock.seekTime(clock.times[Math.max(0, clock.position)] - 1),
};

function wireKeys() {
  document.addEventListener('keydown', (event) => {
    if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    const isChoice = target.matches('select, [type=radio], [type=checkbox]');
    const presses = event.key === ' ' && target.matches('button, summary, select, input');
    if (isChoice || (presses && target.id !== 'position')) return;
    event.preventDefault();
    KEYS[event.key]();
  });
}

tellFacts();
tellVideoCaptions();
tellPeople();
tellScores();
const stage = new Stage(report, clock, light, shownSides);
wireSides(stage);
wireControls();
new Timeline(report, clock, light);
new Graph(report, clock, light);
wireKeys();
clock.seek(0);
openVideo();
