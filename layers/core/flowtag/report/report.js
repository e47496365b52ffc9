
// Plays segments in place and filters them. Without it all can be read, and links play the parts.
'use strict';
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];

  const video = one('video');
  const lanes = one('.lanes');
  const bars = all('.bar');
  const segments = all('.segments tbody tr').map((row, i) => ({
    row,
    bar: bars[i],
    link: row.querySelector('.play'),
    level: row.dataset.level,
    start: Number(row.dataset.start),
    end: Number(row.dataset.end),
  }));
  const duration = Number(lanes?.dataset.seconds);

  filters();
  if (video && segments.length) player();

  function filters() {
    const group = one('.filters');
    const buttons = all('.filters button');
    if (buttons.length < 2) return;
    group.hidden = false;
    group.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (!button) return;
      button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
      const pressed = buttons.filter((each) => each.getAttribute('aria-pressed') === 'true');
      const levels = new Set(pressed.map((each) => each.dataset.level));
      let shown = 0;
      for (const { row, bar, level } of segments) {
        const isShown = !levels.size || levels.has(level);
        row.hidden = !isShown;
        bar?.classList.toggle('left-out', !isShown);
        shown += isShown;
      }
      one('.tally').textContent = levels.size ? `${shown} of ${segments.length} shown` : '';
    });
  }

  function player() {
    const [over, under] = (one('.player').dataset.rate || '25/1').split('/').map(Number);
    // The middle of a frame: a browser that rounds still shows that frame and no other.
    const half = under / over / 2;
    const playhead = one('.playhead');
    const note = one('.unplayable');
    let current = null;
    let playing = null;
    document.body.classList.add('playable');

    video.addEventListener('error', () => tellUnplayable());
    video.addEventListener('play', () => requestAnimationFrame(follow));
    video.addEventListener('timeupdate', () => show(video.currentTime));
    video.addEventListener('seeking', () => {
      const { currentTime } = video;
      if (playing && !(currentTime >= playing.start && currentTime < playing.end)) playing = null;
      show(currentTime);
    });
    one('.segments tbody').addEventListener('click', (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || getSelection().toString()) return;
      event.preventDefault();
      play(segments.find(({ row }) => row === event.target.closest('tr')));
    });
    one('.segments tbody').addEventListener('keydown', step);
    lanes?.addEventListener('click', (event) => {
      const box = lanes.getBoundingClientRect();
      const seconds = ((event.clientX - box.left) / box.width) * duration;
      const segment = at(seconds);
      // On a segment or a move it plays; on the curves it goes to the very moment.
      if (segment && event.target.closest('.bar, .move')) play(segment);
      else go(seconds);
    });

    function at(seconds) {
      let [low, high] = [0, segments.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (segments[middle].start <= seconds) low = middle + 1;
        else high = middle;
      }
      const found = segments[low - 1];
      return found && seconds < found.end ? found : null;
    }

    function go(seconds) {
      playing = null;
      video.currentTime = seconds;
      show(seconds);
    }

    function play(segment) {
      if (!segment) return;
      go(segment.start + half);
      playing = segment;
      segment.link?.focus({ preventScroll: true });
      video.play().catch((error) => {
        if (error.name === 'NotSupportedError') tellUnplayable();
      });
    }

    function follow() {
      const seconds = video.currentTime;
      if (playing && seconds >= playing.end - half) {
        video.pause();
        const { end } = playing;
        playing = null;
        video.currentTime = Math.max(end - half, 0);
      }
      show(video.currentTime);
      if (!video.paused && !video.ended) requestAnimationFrame(follow);
    }

    function show(seconds) {
      const x = `${Math.min(seconds / duration, 1) * 100}%`;
      const line = playhead?.firstElementChild;
      playhead?.setAttribute('visibility', 'visible');
      line?.setAttribute('x1', x);
      line?.setAttribute('x2', x);
      const segment = playing ?? at(seconds);
      if (segment === current) return;
      mark(current, false);
      current = segment;
      mark(current, true);
    }

    function mark(segment, isCurrent) {
      if (!segment) return;
      if (isCurrent) segment.row.setAttribute('aria-current', 'true');
      else segment.row.removeAttribute('aria-current');
      segment.bar?.classList.toggle('current', isCurrent);
      if (isCurrent && segment.bar) segment.bar.parentNode.append(segment.bar);
    }

    function step(event) {
      const direction = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!direction || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const shown = segments.filter(({ row }) => !row.hidden);
      const from = shown.findIndex(({ row }) => row.contains(event.target));
      const next = shown[from + direction];
      event.preventDefault();
      if (!next) return;
      video.pause();
      go(next.start + half);
      next.link.focus({ preventScroll: true });
      next.row.scrollIntoView({ block: 'nearest' });
    }

    function tellUnplayable() {
      if (!note.hidden) return;
      note.hidden = false;
      note.textContent = 'This browser cannot play the video, or it is no longer where it was. '
        + '“flowtag tag --proxy --report” makes a small copy that it can play.';
    }
  }
})();
