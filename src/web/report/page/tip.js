// The one tooltip of the page. What it says is also told to screen readers, where focus moved it.
const tip = document.getElementById('tip');

export function showTip(text, x, y) {
  tip.textContent = text;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.max(6, Math.min(document.documentElement.clientWidth - width - 6, x - width / 2));
  const above = y - height - 8;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > 4 ? above : y + 16}px`;
}

export function hideTip() {
  tip.hidden = true;
}

/** Tells what a point of a plot is: by the pointer, or by focus, which arrow keys move on. */
export function pointEvents(holder) {
  const tell = (point) => {
    const box = point.getBoundingClientRect();
    showTip(point.dataset.tip, box.left + box.width / 2, box.top);
  };
  holder.addEventListener('pointerover', (event) => {
    const point = event.target.closest('.point');
    if (point) tell(point);
    else hideTip();
  });
  holder.addEventListener('pointerleave', hideTip);
  holder.addEventListener('focusin', (event) => event.target.matches('.point') && tell(event.target));
  holder.addEventListener('focusout', hideTip);
  holder.addEventListener('keydown', (event) => {
    const points = [...holder.querySelectorAll('.point')];
    const at = points.indexOf(event.target);
    if (at < 0) return;
    if (event.key === 'Escape') return hideTip();
    const to = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: points.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = points[Math.max(0, Math.min(points.length - 1, to))];
    points[at].setAttribute('tabindex', '-1');
    next.setAttribute('tabindex', '0');
    next.focus();
  });
}

addEventListener('scroll', hideTip, { passive: true, capture: true });
