/** Draws a grid of flow over a picture: arrows, a colour wheel, or how far it can be trusted. */

const FULL_SPEED = 0.35;
const MOST_ARROWS = 32;

/** Colour of a direction on the wheel: 0 right is red, as optical flow is drawn everywhere. */
export function wheelColour(x, y, lightness = 58) {
  const degrees = (Math.atan2(y, x) * 180) / Math.PI;
  return `hsl(${Math.round((degrees + 360) % 360)} 90% ${lightness}%)`;
}

/** Low to high confidence, readable to colour-blind eyes: dark violet, rose, pale yellow. */
export function heatColour(share) {
  const stops = [[38, 20, 84], [144, 39, 112], [228, 93, 88], [251, 176, 97], [252, 244, 179]];
  const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const low = stops[Math.floor(at)];
  const high = stops[Math.ceil(at)];
  return low.map((value, i) => Math.round(value + (high[i] - value) * (at % 1)));
}

/**
 * Draws.
 * @param {CanvasRenderingContext2D} context cleared, of `width` x `height` CSS px
 * @param {import('./chunks.js').Grid} grid
 * @param {'arrows'|'wheel'|'heat'} kind
 */
export function drawFlow(context, grid, kind, width, height) {
  if (kind === 'arrows') drawArrows(context, grid, width, height);
  else drawCells(context, grid, kind, width, height);
}

function drawArrows(context, grid, width, height) {
  const { rows, columns, values, scale } = grid;
  const cell = width / columns;
  const step = Math.max(1, Math.ceil(columns / MOST_ARROWS), Math.ceil(22 / cell));
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (let row = Math.floor(step / 2); row < rows; row += step) {
    for (let column = Math.floor(step / 2); column < columns; column += step) {
      const at = (row * columns + column) * 3;
      const [dx, dy] = [values[at] / 127, values[at + 1] / 127];
      drawArrow(context, {
        x: ((column + 0.5) / columns) * width,
        y: ((row + 0.5) / rows) * height,
        dx,
        dy,
        speed: Math.hypot(dx, dy) * scale,
        confidence: Math.max(values[at + 2], 0) / 127,
        reach: cell * step,
      });
    }
  }
  context.globalAlpha = 1;
}

function drawArrow(context, { x, y, dx, dy, speed, confidence, reach }) {
  context.globalAlpha = 0.08 + 0.92 * confidence;
  const length = Math.hypot(dx, dy);
  if (speed < 0.004 || length === 0) {
    context.fillStyle = 'rgb(255 255 255 / 55%)';
    context.fillRect(x - 0.75, y - 0.75, 1.5, 1.5);
    return;
  }
  const size = reach * (0.26 + 0.5 * Math.min(Math.sqrt(speed / FULL_SPEED), 1));
  const [ux, uy] = [dx / length, dy / length];
  const [tipX, tipY] = [x + (ux * size) / 2, y + (uy * size) / 2];
  const head = Math.max(3, size * 0.34);
  const path = new Path2D();
  path.moveTo(x - (ux * size) / 2, y - (uy * size) / 2);
  path.lineTo(tipX, tipY);
  path.moveTo(tipX - head * (ux * 0.8 - uy * 0.6), tipY - head * (uy * 0.8 + ux * 0.6));
  path.lineTo(tipX, tipY);
  path.lineTo(tipX - head * (ux * 0.8 + uy * 0.6), tipY - head * (uy * 0.8 - ux * 0.6));
  context.strokeStyle = 'rgb(0 0 0 / 65%)';
  context.lineWidth = 3.2;
  context.stroke(path);
  context.strokeStyle = wheelColour(dx, dy, 62);
  context.lineWidth = 1.6;
  context.stroke(path);
}

function drawCells(context, grid, kind, width, height) {
  const { rows, columns, values, scale } = grid;
  const small = new OffscreenCanvas(columns, rows);
  const cells = small.getContext('2d');
  for (let i = 0; i < rows * columns; i += 1) {
    const [dx, dy] = [values[i * 3] / 127, values[i * 3 + 1] / 127];
    const confidence = Math.max(values[i * 3 + 2], 0) / 127;
    if (kind === 'heat') {
      const [r, g, b] = heatColour(confidence);
      cells.fillStyle = `rgb(${r} ${g} ${b} / 58%)`;
    } else {
      const speed = Math.min(Math.sqrt((Math.hypot(dx, dy) * scale) / FULL_SPEED), 1);
      cells.globalAlpha = confidence * speed * 0.85;
      cells.fillStyle = wheelColour(dx, dy);
    }
    cells.fillRect(i % columns, Math.floor(i / columns), 1, 1);
  }
  context.imageSmoothingEnabled = kind !== 'heat';
  context.imageSmoothingQuality = 'high';
  context.drawImage(small, 0, 0, width, height);
}

/** Draws the legend of the wheel: which colour is which direction. */
export function drawWheel(canvas, sizePx) {
  const ratio = devicePixelRatio || 1;
  canvas.width = sizePx * ratio;
  canvas.height = sizePx * ratio;
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  const centre = sizePx / 2;
  for (let degrees = 0; degrees < 360; degrees += 3) {
    const angle = (degrees * Math.PI) / 180;
    context.beginPath();
    context.moveTo(centre, centre);
    context.arc(centre, centre, centre - 1, angle, angle + (3.6 * Math.PI) / 180);
    context.closePath();
    context.fillStyle = wheelColour(Math.cos(angle), Math.sin(angle));
    context.fill();
  }
  context.globalCompositeOperation = 'destination-out';
  context.beginPath();
  context.arc(centre, centre, centre * 0.45, 0, Math.PI * 2);
  context.fill();
}
