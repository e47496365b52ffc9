/** Where the lanes of a timeline lie, and their colours. */

import { LEVELS } from './words.js';

/** Where each lane lies, in CSS px. */
export const LANES = {
  gutter: 78,
  ruler: { top: 0, height: 24 },
  motion: { top: 26, height: 96 },
  segments: { top: 128, height: 38 },
  moves: { top: 172, height: 17, names: ['pan', 'tilt', 'zoom', 'roll', 'hand'] },
  overview: { top: 264, height: 18 },
  height: 284,
};

/** How much of its lane a segment fills, from static to extreme: the order shows without colour. */
export const LEVEL_HEIGHTS = [0.3, 0.46, 0.64, 0.82, 1];

/** How much of what does not match a filter is left to be seen. */
export const DIMMED = 0.16;

/** The colours of the page's theme, as the canvas needs them. */
export function readPalette(element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    levels: LEVELS.map((level) => value(`level-${level}`)),
    inks: LEVELS.map((level) => value(`level-${level}-ink`)),
    unknown: value('level-unknown'),
    text: value('text'),
    dim: value('text-dim'),
    line: value('line'),
    lane: value('lane'),
    fog: value('fog'),
    camera: value('curve-camera'),
    ink: value('curve-ink'),
    subject: value('curve-subject'),
    accent: value('accent'),
    playhead: value('playhead'),
    hatch: value('hatch'),
    font: `11px ${value('font')}`,
  };
}
