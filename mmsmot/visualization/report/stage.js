/* Boxes and arrows over the image. */

const MANY_ARROWS = 40; // at once; more of them cover everybody and each other

class Stage {
  constructor(report, clock, light, shownSides) {
    Object.assign(this, { report, clock, light, shownSides });
    this.canvas = document.getElementById('boxes');
    this.video = document.getElementById('picture');
    this.drawn = [];
    this.atFrame = report.times.map(() => []);
    for (const [side, { people }] of Object.entries(report.sides)) {
      for (const person of people) {
        person.at.forEach((k, row) => this.atFrame[k].push({ side, person, row }));
      }
    }
    this.fit();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
    this.video.addEventListener('loadedmetadata', () => this.fit());
    for (const [source, name] of [[clock, 'frame'], [light, 'change']]) {
      source.addEventListener(name, () => this.draw());
    }
    for (const id of ['draw-boxes', 'draw-arrows']) {
      document.getElementById(id).addEventListener('change', () => this.draw());
    }
    this.listenToPointer();
  }

  /** Give the stage the image's shape: the boxes' own, else the video's, else theirs. */
  fit() {
    const { video, report } = this;
    let [width, height] = [report.width, report.height];
    // yuv420p has no odd sizes: a written video may be a pixel wider than its frames.
    const near = (a, b) => a && b && Math.abs(a - b) <= 1;
    if (!width || !height || near(width, video.videoWidth)) {
      width = video.videoWidth || width;
    }
    if (!height || near(height, video.videoHeight)) height = video.videoHeight || height;
    if (!width || !height) [width, height] = this.extent();
    this.size = [width, height];
    const stage = document.getElementById('stage').style;
    stage.setProperty('aspect-ratio', `${width} / ${height}`);
    stage.setProperty('max-width', `calc(68vh * ${width / height})`);
    this.draw();
  }

  extent() {
    const sides = Object.values(this.report.sides);
    let [right, bottom] = [16, 9];
    for (const { boxes } of sides.flatMap((side) => side.people)) {
      for (let i = 0; i < boxes.length; i += 4) {
        right = Math.max(right, boxes[i + 2]);
        bottom = Math.max(bottom, boxes[i + 3]);
      }
    }
    return [right, bottom];
  }

  draw() {
    const { canvas, clock } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio];
    if (canvas.width !== Math.round(width)) canvas.width = Math.round(width);
    if (canvas.height !== Math.round(height)) canvas.height = Math.round(height);
    const context = canvas.getContext('2d');
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.unit = ratio;
    this.scale = [canvas.width / this.size[0], canvas.height / this.size[1]];
    this.drawn = clock.position < 0 ? [] : this.boxesAt(clock.position);
    if (document.getElementById('draw-boxes').checked) {
      for (const box of this.drawn) this.drawBox(context, box);
      for (const box of this.drawn) this.drawPlate(context, box);
    }
    if (document.getElementById('draw-arrows').checked) this.drawArrows(context);
  }

  boxesAt(position) {
    const [sx, sy] = this.scale;
    const sides = this.shownSides();
    return this.atFrame[position]
      .filter(({ side }) => sides.includes(side))
      .map(({ side, person, row }) => {
        const [x1, y1, x2, y2] = person.boxes.slice(4 * row, 4 * row + 4);
        const key = keyOf(side, person.id);
        return { side, person, key, box: [x1 * sx, y1 * sy, x2 * sx, y2 * sy] };
      });
  }

  /** How much of a part is seen: others step back while somebody is lit. */
  opacity(...keys) {
    const { keys: lit } = this.light;
    return lit.size === 0 || keys.some((key) => lit.has(key)) ? 1 : 0.25;
  }

  drawBox(context, { side, person, key, box: [x1, y1, x2, y2] }) {
    const lit = this.light.keys.has(key);
    const width = (lit ? 5 : 2.5) * this.unit;
    context.globalAlpha = this.opacity(key);
    context.setLineDash(side === 'gt' ? [7 * this.unit, 5 * this.unit] : []);
    context.lineWidth = width;
    context.strokeStyle = person.color;
    context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    if (lit) {
      context.globalAlpha = 0.18;
      context.fillStyle = person.color;
      context.fillRect(x1, y1, x2 - x1, y2 - y1);
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  drawPlate(context, { side, person, key, box: [x1, y1, , y2] }) {
    const text = side === 'gt' ? `truth ${person.id}` : String(person.id);
    const size = 13 * this.unit;
    context.font = `600 ${size}px system-ui, sans-serif`;
    const width = context.measureText(text).width + 0.8 * size;
    const height = 1.4 * size;
    const x = Math.max(0, Math.min(x1, this.canvas.width - width));
    // A truth's plate hangs below, so that both can be read where boxes agree.
    let y = side === 'gt' ? Math.min(y2, this.canvas.height - height) : y1 - height;
    if (y < 0) y = Math.max(0, y1);
    context.globalAlpha = this.opacity(key);
    context.fillStyle = person.color;
    context.fillRect(x, y, width, height);
    context.fillStyle = person.ink;
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    context.fillText(text, x + 0.4 * size, y + height / 2);
    context.globalAlpha = 1;
  }

  drawArrows(context) {
    const all = this.arrowsNow();
    const isLit = ({ from, to }) => [from, to].some(({ key }) => this.light.keys.has(key));
    const arrows = all.length > MANY_ARROWS ? all.filter(isLit) : all;
    const paths = arrows.map((arrow) => this.drawArrow(context, arrow));
    const taken = [];
    arrows.forEach((arrow, n) => {
      context.globalAlpha = this.opacity(arrow.from.key, arrow.to.key);
      this.drawWords(context, [...arrow.verbs].join(', '), paths[n], arrow.color, taken);
    });
    context.globalAlpha = 1;
    if (all.length > MANY_ARROWS && this.light.keys.size === 0) {
      const text = `${all.length} interactions at once: point at somebody to see theirs`;
      this.drawWords(context, text, [this.canvas.width / 2, this.canvas.height], '#ffffff');
    }
  }

  /** An arrow for each pair that interacts in this frame and is seen. */
  arrowsNow() {
    const { position } = this.clock;
    const found = new Map(this.drawn.map((box) => [box.key, box]));
    const arrows = new Map();
    for (const side of this.shownSides()) {
      for (const { subject, object, verb, spans } of this.report.sides[side].interactions) {
        const [from, to] = [subject, object].map((id) => found.get(keyOf(side, id)));
        const now = spans.some(([first, last]) => first <= position && position <= last);
        if (!from || !to || !now) continue;
        const key = `${from.key} ${to.key}`;
        const { color } = from.person;
        if (!arrows.has(key)) arrows.set(key, { from, to, color, verbs: new Set() });
        arrows.get(key).verbs.add(spoken(verb));
      }
    }
    for (const arrow of arrows.values()) {
      arrow.back = arrows.get(`${arrow.to.key} ${arrow.from.key}`);
    }
    return [...arrows.values()].filter((arrow) => this.joined(arrow));
  }

  /** Make one arrow with two heads of those who do the same; false for the second. */
  joined(arrow) {
    const { back, verbs } = arrow;
    const same = back && back.verbs.size === verbs.size
      && [...verbs].every((verb) => back.verbs.has(verb));
    arrow.mutual = Boolean(same);
    if (same) arrow.color = '#ffffff';
    return !same || arrow.from.person.id < arrow.to.person.id;
  }

  /** Over the heads, clear of the bodies; returns where its words belong. */
  drawArrow(context, { from, to, color, mutual, back }) {
    const { unit } = this;
    const [start, end] = [from, to].map(({ box: [x1, y1, x2, y2] }) => [
      (x1 + x2) / 2, y1 + 0.08 * (y2 - y1)]);
    // Between two who stand close an arc needs some room.
    const push = Math.max(0, 56 * unit - Math.abs(end[0] - start[0])) / 2;
    const side = start[0] <= end[0] ? 1 : -1;
    start[0] -= side * push;
    end[0] += side * push;
    // The two directions of a pair at two heights.
    const second = back && !mutual && from.person.id > to.person.id ? 30 * unit : 0;
    const away = Math.hypot(end[0] - start[0], end[1] - start[1]);
    const rise = Math.max(0.2 * away, 40 * unit) + second;
    const peak = Math.max(Math.min(start[1], end[1]) - rise, 44 * unit - second);
    // A parabola's control point stands twice as high as its peak.
    const middle = [(start[0] + end[0]) / 2, 2 * peak - (start[1] + end[1]) / 2];
    context.globalAlpha = this.opacity(from.key, to.key);
    context.setLineDash(from.side === 'gt' ? [7 * unit, 5 * unit] : []);
    for (const [ink, width] of [['rgb(0 0 0 / 65%)', 6], [color, 3]]) {
      context.strokeStyle = ink;
      context.fillStyle = ink;
      context.lineWidth = width * unit;
      context.beginPath();
      context.moveTo(...start);
      context.quadraticCurveTo(...middle, ...end);
      context.stroke();
      this.drawHead(context, middle, end, 9 + width);
      if (mutual) this.drawHead(context, middle, start, 9 + width);
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
    return [middle[0], peak];
  }

  drawHead(context, [fromX, fromY], [x, y], length) {
    const angle = Math.atan2(y - fromY, x - fromX);
    context.beginPath();
    context.moveTo(x, y);
    for (const turn of [-0.42, 0.42]) {
      const size = length * this.unit;
      context.lineTo(x - size * Math.cos(angle + turn), y - size * Math.sin(angle + turn));
    }
    context.closePath();
    context.fill();
  }

  /** A plate of words around a point, or above or below those that are `taken`. */
  drawWords(context, words, [x, y], color, taken = []) {
    const size = 13 * this.unit;
    context.font = `600 ${size}px system-ui, sans-serif`;
    const width = context.measureText(words).width + 0.9 * size;
    const left = Math.max(0, Math.min(x - width / 2, this.canvas.width - width));
    const height = 1.5 * size;
    const tops = [0, -1, 1, -2, 2, -3, 3].map((step) => Math.max(0, Math.min(
      y - height / 2 + step * (height + 2), this.canvas.height - height)));
    const isFree = (top) => taken.every(([l, t, w]) => left >= l + w || l >= left + width
      || top >= t + height || t >= top + height);
    const top = tops.find(isFree) ?? tops[0];
    taken.push([left, top, width]);
    context.fillStyle = 'rgb(15 18 22 / 85%)';
    context.fillRect(left, top, width, height);
    context.fillStyle = color;
    context.fillRect(left, top, 4 * this.unit, height);
    context.fillStyle = '#ffffff';
    context.textAlign = 'left';
    context.textBaseline = 'middle';
    context.fillText(words, left + 0.55 * size, top + 0.78 * size);
  }

  listenToPointer() {
    const { canvas, light, clock } = this;
    let last = null;
    const point = (key) => {
      if (key === last) return;
      last = key;
      light.set(key ? this.togetherWith(key) : []);
    };
    canvas.addEventListener('mousemove', (event) => point(this.keyAt(event)));
    canvas.addEventListener('mouseleave', () => point(null));
    canvas.addEventListener('click', () => clock.toggle());
  }

  /** The person under the pointer, of several the one with the smallest box. */
  keyAt(event) {
    const [x, y] = [event.offsetX * this.unit, event.offsetY * this.unit];
    const area = ({ box: [x1, y1, x2, y2] }) => (x2 - x1) * (y2 - y1);
    const under = this.drawn.filter(
      ({ box: [x1, y1, x2, y2] }) => x1 <= x && x <= x2 && y1 <= y && y <= y2);
    under.sort((a, b) => area(a) - area(b));
    return under.length ? under[0].key : null;
  }

  togetherWith(key) {
    const found = this.drawn.find((box) => box.key === key);
    return found ? found.person.keys : [key];
  }
}
