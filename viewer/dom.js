/**
 * Elements without a framework. Text goes in as text nodes and attributes as attributes: nothing
 * that comes from a file is ever parsed as HTML.
 */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element.
 * @param {string} tag name, with classes after dots: "span.badge.wide"
 * @param {object} attributes attributes; `on` holds listeners, `data` a data set, `text` text
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(' ');
  return filled(element, attributes, children);
}

/** Makes an SVG element; arguments as of `h`. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') {
      for (const [event, listener] of Object.entries(value)) {
        element.addEventListener(event, listener);
      }
    } else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'text') element.textContent = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Puts other children in the place of an element's children. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const PATHS = {
  play: 'M5 3.5v9l7.5-4.5z',
  pause: 'M4 3h3v10H4zM9 3h3v10H9z',
  back: 'M10 3 5 8l5 5',
  loop: 'M11 2.5 13.5 5 11 7.5M13 5H5.5A3 3 0 0 0 5.5 11M5 13.5 2.5 11 5 8.5M3 11h7.5A3 3 0 0 0 10.5 5',
  mark: 'M4 2.5h8v11l-4-3-4 3z',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.3 14 14',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  help: 'M5.5 6a2.5 2.5 0 1 1 3.600 2.2C8.3 8.700 8 9.2 8 10M8 12.3v.4',
  theme: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  link: 'M6.5 9.5l3-3M7 4.5 8.5 3a3.2 3.2 0 0 1 4.5 4.5L11.5 9M9 11.5 7.5 13A3.2 3.2 0 0 1 3 8.5L4.5 7',
  export: 'M8 2.5v7M5 6.5l3 3 3-3M3 11.5v2h10v-2',
  flow: 'M2.5 5h7M7.5 3l2 2-2 2M4.5 11h9M11.5 9l2 2-2 2',
  heat: 'M3 13V9M6.3 13V5M9.700 13V7.5M13 13V3',
  still: 'M2.5 3.5h11v9h-11zM2.5 10.5 6 7.5l2.5 2 2-1.5 3 2.5',
  warning: 'M8 2.5 14 13H2zM8 6.5v3M8 11.2v.3',
  filter: 'M2.5 3.5h11L9.5 8.5v4l-3-1.5V8.5z',
  fit: 'M2.5 8h11M5 5.5 2.5 8 5 10.5M11 5.5 13.5 8 11 10.5',
};
const SOLID = new Set(['play', 'pause']);

/** A small picture that says nothing to a screen reader: the control around it has the words. */
export function icon(name) {
  const solid = SOLID.has(name);
  return s(
    'svg',
    { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' },
    s('path', {
      d: PATHS[name],
      fill: solid ? 'currentColor' : 'none',
      stroke: solid ? null : 'currentColor',
      'stroke-width': solid ? null : 1.4,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
    }),
  );
}

/** Calls a function once per frame at most, however often it is asked to. */
export function oncePerFrame(call) {
  let asked = 0;
  return () => {
    if (asked) return;
    asked = requestAnimationFrame(() => {
      asked = 0;
      call();
    });
  };
}
