/* Who does what to whom, as a directed graph. */

const NODE_RADIUS = 19;
const LINE_HEIGHT = 15;
const MANY_NODES = 24; // more of them cannot be told apart

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

class Graph {
  constructor(report, clock, light) {
    Object.assign(this, { clock, light });
    const root = document.getElementById('graph');
    for (const [side, { people, interactions, described }] of Object.entries(report.sides)) {
      const part = make('div', { dataset: { side } });
      if (Object.keys(report.sides).length > 1) {
        part.append(make('p', { className: 'legend' }, SIDE_NAMES[side]));
      }
      if (interactions.length) part.append(...this.parts(side, people, interactions));
      else part.append(make('p', { className: 'none' }, described ? 'No interaction.' : SILENCE[side]));
      root.append(part);
    }
  }

  /** The picture of all who interact, or of those of a crowd who do it most. */
  parts(side, people, interactions) {
    const counts = new Map();
    for (const id of interactions.flatMap((i) => [i.subject, i.object])) {
      counts.set(id, (counts.get(id) || 0) + 1);
    }
    const ids = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a - b);
    const chosen = new Set(ids.slice(0, MANY_NODES));
    const between = interactions.filter((i) => chosen.has(i.subject) && chosen.has(i.object));
    const picture = this.picture(side, people, between, [...chosen].sort((a, b) => a - b));
    if (ids.length <= MANY_NODES) return [picture];
    const text = `The ${MANY_NODES} of ${ids.length} people who interact most, and what `
      + 'goes on between them.';
    return [picture, make('p', { className: 'legend' }, text)];
  }

  picture(side, people, interactions, ids) {
    const byId = new Map(people.map((person) => [person.id, person]));
    const { places, width, height } = this.layout(ids);
    const picture = svg('svg', {
      viewBox: `0 0 ${width} ${height}`,
      role: 'group',
      'aria-label': `Interactions, ${SIDE_NAMES[side]}`,
    });
    const edges = new Map();
    for (const interaction of interactions) {
      const key = `${interaction.subject} ${interaction.object}`;
      if (!edges.has(key)) edges.set(key, []);
      edges.get(key).push(interaction);
    }
    for (const edge of edges.values()) {
      const color = (byId.get(edge[0].subject) || untracked(0, side)).color;
      const bent = edges.has(`${edge[0].object} ${edge[0].subject}`);
      picture.append(this.edge(side, edge, places, color, bent));
    }
    for (const id of ids) {
      picture.append(this.node(side, byId.get(id) || untracked(id, side), places.get(id)));
    }
    return picture;
  }

  layout(ids) {
    const width = 480 + 26 * Math.max(0, ids.length - 6);
    const height = ids.length <= 2 ? 170 : 0.72 * width;
    const [rx, ry] = [width / 2 - 60, height / 2 - 36];
    const places = new Map(ids.map((id, n) => {
      const angle = Math.PI + (2 * Math.PI * n) / ids.length;
      return [id, [width / 2 + rx * Math.cos(angle), height / 2 + ry * Math.sin(angle)]];
    }));
    return { places, width, height };
  }

  edge(side, edge, places, color, bent) {
    const [{ subject, object }] = edge;
    const [from, to] = [places.get(subject), places.get(object)];
    const away = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const unit = [(to[0] - from[0]) / away, (to[1] - from[1]) / away];
    const bend = bent ? 0.26 * away + 13 : 0;
    const middle = [
      (from[0] + to[0]) / 2 + bend * unit[1],
      (from[1] + to[1]) / 2 - bend * unit[0],
    ];
    const tip = this.towards(to, middle, NODE_RADIUS + 3);
    const neck = this.towards(tip, middle, 9);
    const start = this.towards(from, middle, NODE_RADIUS);
    const d = `M${start} Q${middle} ${neck}`;
    const verbs = [...new Set(edge.map(({ verb }) => verb))];
    const [who, whom] = [subject, object].map((id) => labelOf(untracked(id, side)));
    const title = `${who}: ${verbs.join(', ')}: ${whom}`;
    const group = svg('g', { class: 'edge', tabindex: '0', role: 'button',
      'aria-label': title });
    group.append(svg('title', {}, title));
    group.append(svg('path', { d, stroke: color }));
    group.append(svg('path', { d, class: 'hit' }));
    group.append(this.head(tip, middle, color));
    // Nearer to who acts, so that the words of edges that cross stand apart.
    group.append(this.words(verbs, this.on(start, middle, neck, 0.42)));
    const first = edge.flatMap(({ spans }) => spans.map(([k]) => k));
    this.wire(group, [keyOf(side, subject), keyOf(side, object)], first, true);
    return group;
  }

  towards([x, y], [toX, toY], distance) {
    const away = Math.hypot(toX - x, toY - y) || 1;
    return [x + ((toX - x) / away) * distance, y + ((toY - y) / away) * distance];
  }

  on(start, middle, end, t) {
    return [0, 1].map((i) => (
      (1 - t) ** 2 * start[i] + 2 * t * (1 - t) * middle[i] + t ** 2 * end[i]));
  }

  head(tip, from, color) {
    const angle = Math.atan2(tip[1] - from[1], tip[0] - from[0]);
    const corner = (turn) => [
      tip[0] - 13 * Math.cos(angle + turn), tip[1] - 13 * Math.sin(angle + turn)];
    const points = [tip, corner(-0.42), corner(0.42)].join(' ');
    return svg('polygon', { class: 'head', points, fill: color });
  }

  words(verbs, [x, y]) {
    const top = y - ((verbs.length - 1) * LINE_HEIGHT) / 2 + 4;
    const text = svg('text', { x, y: top });
    verbs.forEach((verb, n) => {
      text.append(svg('tspan', { x, y: top + n * LINE_HEIGHT }, spoken(verb)));
    });
    return text;
  }

  node(side, person, [x, y]) {
    const caption = beginning(person.caption);
    const group = svg('g', { class: `node ${side}`, tabindex: '0', role: 'button',
      'aria-label': `${labelOf(person)} ${caption}` });
    group.append(svg('title', {}, caption || labelOf(person)));
    group.append(svg('circle', { cx: x, cy: y, r: NODE_RADIUS, fill: person.color }));
    group.append(svg('text', { x, y, fill: person.ink }, labelOf(person)));
    this.wire(group, [keyOf(side, person.id)], person.at.slice(0, 1), false, person.keys);
    return group;
  }

  wire(group, keys, positions, all, lights = keys) {
    this.light.wire(group, keys, { all, lights });
    const jump = () => positions.length && this.clock.seek(Math.min(...positions));
    onClick(group, jump);
    group.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      event.stopPropagation();
      jump();
    });
  }
}
