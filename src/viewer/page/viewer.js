// Shows the three volumes of a case in one scene.
import { Niivue } from '@niivue/niivue';

const canvas = document.getElementById('stage');
const form = document.getElementById('look');
const where = document.getElementById('where');
const { folder, mm } = canvas.dataset;
const worst = mm.split(',').map(Number);
const layers = ['prediction', 'reference', 'error'];
const field = (name) => form.elements.namedItem(name);
const opacity = (name) => Number(field(name).value) / 100;

const viewer = new Niivue({
  backColor: [0, 0, 0, 1],
  crosshairColor: [0.55, 0.75, 1, 0.7],
  crosshairWidth: 0.2,
  dragAndDropEnabled: false,
  logLevel: 'silent',
  multiplanarShowRender: 0,
  show3Dcrosshair: false,
});

/** From one colour to another; what lies below `cal_min` is not drawn at all. */
function shades(from, to) {
  const steps = (at) => [from[at], from[at], to[at]];
  return { R: steps(0), G: steps(1), B: steps(2), A: [0, 255, 255], I: [0, 1, 255] };
}

/** The middle of a tile may lie outside the part that is shown. */
function goTo(place) {
  viewer.scene.crosshairPos = viewer.mm2frac(place, 0, true).map((at) => Math.min(1, Math.max(0, at)));
  viewer.createOnLocationChange();
  viewer.drawScene();
}

viewer.onLocationChange = ({ mm: at, values }) => {
  const share = values.map(({ value }) => value / 255);
  where.textContent = `[${Array.from(at)
    .slice(0, 3)
    .map((value) => value.toFixed(1))
    .join(
      ', ',
    )}] mm: prediction ${share[0]?.toFixed(2)}, reference ${share[1]?.toFixed(0)}, disagreement ${share[2]?.toFixed(2)}`;
};

try {
  await viewer.attachToCanvas(canvas);
  viewer.addColormap('reference', shades([64, 112, 255], [64, 112, 255]));
  viewer.addColormap('disagreement', shades([96, 12, 12], [255, 48, 48]));
  await viewer.loadVolumes([
    {
      url: `${folder}/prediction.nii`,
      colormap: 'gray',
      cal_min: 0,
      cal_max: 255,
      opacity: opacity('prediction'),
    },
    {
      url: `${folder}/reference.nii`,
      colormap: 'reference',
      cal_min: 128,
      cal_max: 255,
      opacity: opacity('reference'),
    },
    {
      url: `${folder}/error.nii`,
      colormap: 'disagreement',
      cal_min: 48,
      cal_max: 255,
      opacity: opacity('error'),
    },
  ]);
  viewer.setInterpolation(true);
  viewer.setSliceType(Number(field('view').value));
  goTo(worst);
  document.body.dataset.loaded = 'yes';
} catch (error) {
  where.textContent = `The volumes cannot be shown here: ${error.message}`;
}

form.addEventListener('input', (event) => {
  const { name, value } = event.target;
  if (layers.includes(name)) viewer.setOpacity(layers.indexOf(name), Number(value) / 100);
  if (name === 'view') viewer.setSliceType(Number(value));
  if (name === 'class') location.search = `?class=${value}`;
});
form.addEventListener('submit', (event) => event.preventDefault());

const tiles = [...document.querySelectorAll('.tiles button')];
function choose(chosen) {
  for (const tile of tiles) tile.ariaCurrent = tile === chosen ? 'true' : null;
}
for (const tile of tiles) {
  tile.addEventListener('click', () => {
    goTo(tile.dataset.mm.split(',').map(Number));
    choose(tile);
  });
}
document.getElementById('worst').addEventListener('click', () => {
  goTo(worst);
  choose(undefined);
});
