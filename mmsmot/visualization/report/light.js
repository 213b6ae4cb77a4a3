/* People lit up everywhere at once: what is pointed at in one place shows in all. */

const keyOf = (side, id) => `${side}:${id}`;

class Light extends EventTarget {
  constructor() {
    super();
    this.keys = new Set();
    this.parts = [];
  }

  set(keys) {
    this.keys = new Set(keys);
    document.body.classList.toggle('lighting', this.keys.size > 0);
    for (const { element, keys: own, all } of this.parts) {
      const has = (key) => this.keys.has(key);
      const near = own.some(has);
      element.classList.toggle('near', near);
      element.classList.toggle('lit', near && (!all || own.every(has)));
    }
    this.dispatchEvent(new Event('change'));
  }

  /**
   * Make an element light up its people when it is pointed at or focused, and be lit
   * with one of them, or with `all` only with every one.
   */
  wire(element, keys, { lights = keys, all = false } = {}) {
    this.parts.push({ element, keys, all });
    for (const name of ['mouseenter', 'focus']) {
      element.addEventListener(name, () => this.set(lights));
    }
    for (const name of ['mouseleave', 'blur']) {
      element.addEventListener(name, () => this.set([]));
    }
  }
}

/** An element with properties and children; texts are texts and never markup. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { dataset = {}, style = {}, ...rest } = properties;
  Object.assign(element, rest);
  Object.assign(element.dataset, dataset);
  for (const [name, value] of Object.entries(style)) {
    element.style.setProperty(name, value);
  }
  element.append(...children);
  return element;
}

const LONG = 600; // letters, about ten lines of a card

/** What is shown at first of a text: layouts of 10,000 words take a browser seconds. */
function beginning(text) {
  if (text.length <= LONG) return text;
  return `${text.slice(0, LONG - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** A pointer's click leaves no focus behind, so that space still plays the video. */
function onClick(element, act) {
  element.addEventListener('click', (event) => {
    act(event);
    event.stopPropagation();
    if (event.detail > 0) element.blur();
  });
}

function chip(person, side) {
  const truth = side === 'gt' ? ' truth' : '';
  const style = { 'background-color': person.color, color: person.ink };
  return make('span', { className: `chip${truth}`, style }, labelOf(person));
}

/** 'shake_hands.v.01' as people say it. */
const spoken = (verb) => verb.replace(/\.[a-z]\.\d+$/, '').replaceAll('_', ' ');
