// Files made in the page: nothing is asked of a network.
export function download(name, type, content) {
  const address = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

const properties = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'fill-opacity',
  'font-size',
  'font-weight',
  'font-family',
];

/** The plot with the styles that it has on the screen, so that it looks the same anywhere. */
export function saveSvg(svg, name) {
  const copy = svg.cloneNode(true);
  const originals = svg.querySelectorAll('*');
  copy.querySelectorAll('*').forEach((element, at) => {
    element.removeAttribute('tabindex');
    if (element.closest('title, desc')) return;
    const style = getComputedStyle(originals[at]);
    for (const property of properties) {
      const value = style.getPropertyValue(property);
      if (value !== '' && value !== 'none') element.setAttribute(property, value);
      else if (value === 'none' && property === 'fill') element.setAttribute('fill', 'none');
    }
  });
  const ground = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  ground.setAttribute('width', '100%');
  ground.setAttribute('height', '100%');
  ground.setAttribute('fill', getComputedStyle(svg.closest('section')).backgroundColor);
  copy.insertBefore(ground, copy.querySelector('g'));
  download(`${name}.svg`, 'image/svg+xml', new XMLSerializer().serializeToString(copy));
}
