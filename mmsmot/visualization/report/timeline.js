/* When people are seen and interact: rows of bars over the time of the frames. */

const WANTED_TICKS = 7;
const ARROWS = { left: '←', right: '→', nearer: '↓', away: '↑' };
const WAYS = {
  left: ' to the left', right: ' to the right', nearer: ' nearer', away: ' away',
};
const MANY_ROWS = 1000; // of interactions on a side; more are slow, and nobody reads them

class Timeline {
  constructor(report, clock, light) {
    Object.assign(this, { report, clock, light });
    this.first = report.times[0];
    this.length = report.end - this.first;
    const root = document.getElementById('timeline');
    this.rows = make('div', { className: 'rows' });
    this.rows.append(this.axis());
    for (const target of report.targets) this.rows.append(this.targetRow(target));
    this.explainMotions(root);
    let guessed = false;
    for (const [side, { people, interactions }] of Object.entries(report.sides)) {
      const byId = new Map(people.map((person) => [person.id, person]));
      for (const person of people) {
        if (person.runs.length) this.rows.append(this.personRow(side, person));
      }
      const chosen = this.surest(interactions);
      if (chosen.length < interactions.length) {
        const text = `The ${chosen.length} surest of ${interactions.length} interactions.`;
        root.after(make('p', { className: 'legend', dataset: { side } }, text));
      }
      for (const interaction of chosen) {
        guessed ||= !interaction.known;
        this.rows.append(this.interactionRow(side, interaction, byId));
      }
    }
    this.playhead = make('div', { className: 'playhead' });
    this.rows.append(this.playhead);
    root.append(this.rows);
    if (guessed) {
      const text = 'Hatched: when the two are seen together, since the span of the '
        + 'interaction is not known.';
      root.after(make('p', { className: 'legend' }, text));
    }
    clock.addEventListener('frame', () => this.moveHead());
    this.moveHead();
  }

  /** What the signs on the bars mean, where there are any. */
  explainMotions(root) {
    const sides = Object.values(this.report.sides);
    if (!sides.some(({ people }) => people.some((p) => p.motions.length))) return;
    const signs = Object.entries(ARROWS).map(([way, sign]) => `${sign}${WAYS[way]}`);
    const text = `On the bars: somebody moves ${signs.join(', ')}, · stays.`;
    root.after(make('p', { className: 'legend' }, text));
  }

  /** As many as there are rows for, in the order that they have. */
  surest(interactions) {
    if (interactions.length <= MANY_ROWS) return interactions;
    const order = interactions.map((_, n) => n);
    order.sort((a, b) => interactions[b].score - interactions[a].score || a - b);
    const chosen = new Set(order.slice(0, MANY_ROWS));
    return interactions.filter((_, n) => chosen.has(n));
  }

  at(seconds) {
    return (seconds - this.first) / this.length;
  }

  moveHead() {
    const { position, times } = this.clock;
    const at = position < 0 ? 0 : this.at(times[position]);
    // On the head alone: every row would inherit it, and a crowd has thousands.
    this.playhead.style.setProperty('--at', String(at));
  }

  axis() {
    const line = make('div', { className: 'line' });
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
    const step = steps.find((s) => this.length / s <= WANTED_TICKS) || this.length;
    for (let n = Math.ceil(this.first / step - 1e-6); n * step < this.report.end; n += 1) {
      const style = { left: `${100 * this.at(n * step)}%` };
      const digits = step < 1 ? 1 : 0;
      line.append(make('span', { className: 'tick', style }, clockText(n * step, digits)));
    }
    const label = make('div', { className: 'label' });
    return make('div', { className: 'row axis' }, label, line);
  }

  row(side, label, spans, keys, options) {
    const line = make('div', { className: 'line' });
    line.addEventListener('click', (event) => {
      const part = (event.clientX - line.getBoundingClientRect().left) / line.clientWidth;
      this.clock.seekTime(this.first + part * this.length);
    });
    for (const span of spans) line.append(this.bar(span, options));
    const row = make('div', { className: 'row', dataset: { side } }, label, line);
    this.light.wire(row, keys, { lights: options.lights, all: options.all });
    return row;
  }

  bar([first, last], { color, title, known = true, lights }) {
    const { times, end } = this.report;
    const [start, stop] = [times[first], last + 1 < times.length ? times[last + 1] : end];
    const style = {
      left: `${100 * this.at(start)}%`,
      width: `${100 * (this.at(stop) - this.at(start))}%`,
      'background-color': color,
    };
    const span = `${clockText(start, 1)} to ${clockText(stop, 1)}`;
    const label = `${title}, ${span}`;
    const className = known ? 'bar' : 'bar guess';
    const bar = make('button', { type: 'button', className, style, title: label });
    bar.setAttribute('aria-label', label);
    onClick(bar, () => this.clock.seek(first));
    bar.addEventListener('focus', () => this.light.set(lights));
    bar.addEventListener('blur', () => this.light.set([]));
    return bar;
  }

  /** An arrow, or a dot for who stays, over a part of a person's bar. */
  motion(person, [first, last, verb, direction, depth]) {
    const ways = [direction, depth].filter(Boolean);
    const title = `${person.id}: ${verb}${ways.map((way) => WAYS[way]).join(' and')}`;
    const bar = this.bar([first, last], { color: 'transparent', title, lights: person.keys });
    bar.classList.add('motion');
    bar.style.color = person.ink;
    bar.textContent = ways.map((way) => ARROWS[way]).join('') || '·';
    return bar;
  }

  /** When a sentence means somebody. */
  targetRow({ text, runs, number }) {
    const words = make('span', { className: 'text', dir: 'auto', title: text }, text);
    const count = make('small', {}, number ? ` ${number}` : ' nobody');
    const label = make('div', { className: 'label' }, words, count);
    const options = { color: '#5b6b7b', title: `${text} means somebody`, lights: [] };
    return this.row('pred', label, runs, [], options);
  }

  personRow(side, person) {
    const caption = beginning(person.caption);
    const words = make('span', { className: 'text', title: caption }, caption);
    const label = make('div', { className: 'label' }, chip(person, side), words);
    const title = `${person.id} is seen`;
    const options = { color: person.color, title, lights: person.keys };
    const row = this.row(side, label, person.runs, [keyOf(side, person.id)], options);
    for (const motion of person.motions) row.lastChild.append(this.motion(person, motion));
    return row;
  }

  interactionRow(side, { subject, object, verb, spans, known, score }, byId) {
    const ends = [subject, object].map((id) => byId.get(id) || untracked(id, side));
    const words = make('span', { className: 'text' }, spoken(verb));
    const parts = [chip(ends[0], side), words, chip(ends[1], side)];
    const label = make('div', { className: 'label', title: verb }, ...parts);
    const keys = [keyOf(side, subject), keyOf(side, object)];
    const sure = side === 'pred' ? ` (score ${score})` : '';
    const options = {
      color: ends[0].color,
      title: `${labelOf(ends[0])} ${verb} ${labelOf(ends[1])}${sure}`,
      known,
      lights: keys,
      all: true,
    };
    return this.row(side, label, spans, keys, options);
  }
}

/** A partner without trajectory; one below 0 is known by its class. */
const untracked = (id, side) => ({
  id, label: report.sides[side].partners[id], color: '#9aa3ad', ink: '#000000', caption: '', at: [],
});

const labelOf = ({ id, label }) => label || String(id);

function clockText(seconds, digits = 0) {
  const rounded = Number(seconds.toFixed(digits)); // 59.97 is 1:00.0, not 0:60.0
  const minutes = Math.floor(rounded / 60);
  const rest = (rounded - 60 * minutes).toFixed(digits);
  return `${minutes}:${rest.padStart(digits ? digits + 3 : 2, '0')}`;
}
