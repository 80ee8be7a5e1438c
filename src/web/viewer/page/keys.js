// The keys of the picture. They work while it has the focus, or nothing else has.

/** By key, which of the plane's axes (right, up, next slice) and how far. */
const steps = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowDown: [1, -1],
  ArrowUp: [1, 1],
  PageDown: [2, -1],
  PageUp: [2, 1],
};
const zooms = { '+': 1.5, '=': 1.5, '-': 1 / 1.5 };

export function listenToKeys(canvas, actions) {
  // Before the listener of NiiVue, which has other uses for some keys.
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.target !== canvas && event.target !== document.body) return;
      if (!act(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );

  function act(key) {
    if (steps[key]) actions.step(...steps[key]);
    else if (key === ' ') actions.hide();
    else if (/^[1-9]$/.test(key)) actions.toggleClass(Number(key));
    else if (key === 'n' || key === 'p') actions.place(key === 'n' ? 1 : -1);
    else if (key === 'w') actions.worst();
    else if (zooms[key]) actions.zoom(zooms[key]);
    else return false;
    return true;
  }
}
