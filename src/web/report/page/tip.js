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

addEventListener('scroll', hideTip, { passive: true, capture: true });
