// Shows the volumes of a case in one scene.
import { Niivue } from '@niivue/niivue';

const canvas = document.getElementById('stage');
const form = document.getElementById('look');
const where = document.getElementById('where');
const { volumes: folder, ...data } = canvas.dataset;
const [worstMm, origin, stride] = [data.worst, data.origin, data.stride].map((text) =>
  text.split(',').map(Number),
);
const layers = ['prediction', 'reference', 'error'];
const field = (name) => form.elements.namedItem(name);
const opacity = (name) => Number(field(name).value) / 100;

const viewer = new Niivue({
  backColor: [0, 0, 0, 1],
  crosshairColor: [0.55, 0.75, 1, 0.8],
  crosshairWidth: 0.6,
  crosshairWidthUnit: 'percent',
  dragAndDropEnabled: false,
  logLevel: 'silent',
  multiplanarShowRender: 0,
  show3Dcrosshair: false,
  viewModeHotKey: 'none',
  clipPlaneHotKey: 'none',
});

/** By slice type, axes of right, of up and of the next slice. Axes are those of the patient: left to right, back to front, feet to head. */
const planes = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 2, 0],
  [0, 1, 2],
];
const plane = () => planes[Number(field('view').value)];

/** From one colour to another; what lies below `cal_min` is not drawn at all. */
function shades(from, to) {
  const steps = (at) => [from[at], from[at], to[at]];
  return { R: steps(0), G: steps(1), B: steps(2), A: [0, 255, 255], I: [0, 1, 255] };
}

/** Moves by voxels along an axis of the patient. */
function step(axis, voxels) {
  const steps = [0, 0, 0];
  steps[axis] = voxels;
  viewer.moveCrosshairInVox(...steps);
}

const place = () => viewer.frac2vox(viewer.scene.crosshairPos)[plane()[2]];

function showPlace() {
  const slice = field('slice');
  slice.max = viewer.volumes[0].dimsRAS[plane()[2] + 1] - 1;
  slice.value = place();
  field('place').value = `${place() + 1} of ${Number(slice.max) + 1}`;
}

/** The middle of a box may lie outside the part that is shown. */
function goTo(place) {
  viewer.scene.crosshairPos = viewer.mm2frac(place, 0, true).map((at) => Math.min(1, Math.max(0, at)));
  viewer.createOnLocationChange();
  viewer.drawScene();
}

/** Indices along the axes of the scored volume's file, which may run against those of the patient. */
function storedVoxel(vox) {
  const { permRAS, dimsRAS } = viewer.volumes[0];
  const stored = [0, 0, 0];
  for (const [at, signed] of permRAS.entries()) {
    const axis = Math.abs(signed) - 1;
    const index = signed > 0 ? vox[at] : dimsRAS[at + 1] - 1 - vox[at];
    stored[axis] = (origin[axis] + index) * stride[axis] + (stride[axis] >> 1);
  }
  return stored;
}

viewer.onLocationChange = ({ mm, vox, values }) => {
  const lies = Array.from(mm)
    .slice(0, 3)
    .map((value) => value.toFixed(1));
  const [prediction, reference] = values.map(({ value }) => value / 255);
  where.textContent = `Voxel [${storedVoxel(vox).join(', ')}] at [${lies.join(', ')}] mm: prediction ${prediction.toFixed(2)}, reference ${reference.toFixed(0)}`;
  showPlace();
};

try {
  await viewer.attachToCanvas(canvas);
  viewer.addColormap('reference', shades([64, 112, 255], [64, 112, 255]));
  viewer.addColormap('missed', shades([110, 60, 0], [255, 160, 0]));
  viewer.addColormap('extra', shades([110, 10, 30], [255, 40, 80]));
  const looks = {
    prediction: { colormap: 'gray', cal_min: 0 },
    reference: { colormap: 'reference', cal_min: 128 },
    error: { colormap: 'extra', colormapNegative: 'missed', cal_min: 48 },
  };
  await viewer.loadVolumes(
    layers.map((name) => ({
      url: `${folder}/${name}.nii`,
      cal_max: 255,
      opacity: opacity(name),
      ...looks[name],
    })),
  );
  viewer.setInterpolation(true);
  viewer.setSliceType(Number(field('view').value));
  goTo(worstMm);
  document.body.dataset.loaded = 'yes';
} catch (error) {
  where.textContent = `The volumes cannot be shown here: ${error.message}`;
}

form.addEventListener('input', (event) => {
  const { name, value } = event.target;
  if (layers.includes(name)) viewer.setOpacity(layers.indexOf(name), Number(value) / 100);
  if (name === 'slice') step(plane()[2], Number(value) - place());
  if (name === 'view') {
    viewer.setSliceType(Number(value));
    showPlace();
  }
});
form.addEventListener('submit', (event) => event.preventDefault());
const boxes = [...document.querySelectorAll('.boxes button')];
function choose(chosen) {
  for (const box of boxes) box.ariaCurrent = box === chosen ? 'true' : null;
}
for (const box of boxes) {
  box.addEventListener('click', () => {
    goTo(box.dataset.mm.split(',').map(Number));
    choose(box);
  });
}
document.getElementById('worst').addEventListener('click', () => {
  goTo(worstMm);
  choose(undefined);
});

/** By key, which of the plane's axes and how far. */
const keys = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowDown: [1, -1],
  ArrowUp: [1, 1],
  PageDown: [2, -1],
  PageUp: [2, 1],
};
// Before the listener of NiiVue, which has other uses for some keys.
canvas.parentElement.addEventListener(
  'keydown',
  (event) => {
    const key = keys[event.key];
    if (!key || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    step(plane()[key[0]], key[1]);
  },
  { capture: true },
);
