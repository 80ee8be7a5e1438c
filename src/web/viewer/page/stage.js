// The picture: a view of a case in NiiVue, with the crosshair at a voxel of the scored volume.
import { Niivue, NVImage } from '@niivue/niivue';
import { colourTable } from './colours.ts';
import { paint } from './paint.ts';

/** Axes of the patient (left to right, back to front, feet to head) by slice type: right, up and the next slice. */
const planes = { axial: [0, 1, 2], coronal: [0, 2, 1], sagittal: [1, 2, 0], three: [0, 1, 2] };
const sliceTypes = { axial: 0, coronal: 1, sagittal: 2, three: 3 };
const datatypes = { Uint8Array: 2, Int16Array: 4, Float32Array: 16 };
const palette = 'voxtally';
/** Of the crosshair, in percent of the picture, and in pixels. */
const [lineWidth, lineGap] = [0.25, 12];

export class Stage {
  /** Moved by the pointer: `moved(voxel)`. Over a voxel: `over(voxel)`, undefined outside. */
  constructor(canvas, { moved = () => {}, over = () => {} } = {}) {
    this.canvas = canvas;
    this.plane = 'three';
    this.voxel = [0, 0, 0];
    this.view = undefined;
    this.#moved = moved;
    this.#over = over;
    this.nv = new Niivue({
      backColor: [0, 0, 0, 1],
      crosshairColor: [0.55, 0.75, 1, 0.8],
      crosshairWidth: lineWidth,
      crosshairGap: lineGap,
      crosshairWidthUnit: 'percent',
      dragAndDropEnabled: false,
      fontColor: [1, 1, 1, 1],
      fontMinPx: 18,
      isNearestInterpolation: true,
      isRadiologicalConvention: true,
      // The page says how far it has read, and why it cannot.
      loadingText: '',
      logLevel: 'silent',
      multiplanarShowRender: 0,
      show3Dcrosshair: false,
      // Room for the letters on all sides of each plane.
      tileMargin: -1,
      showAllOrientationMarkers: true,
      viewModeHotKey: 'none',
      clipPlaneHotKey: 'none',
    });
    this.nv.onLocationChange = () => this.#hearLocation();
  }

  #moved;
  #over;
  #isSetting = false;
  /** Images of each view, so that going back to one is quick. */
  #images = new WeakMap();
  #opacity = 1;
  #isHidden = false;
  /** Whether the scan of the view has been drawn. */
  #isDrawn = false;

  async attach() {
    await this.nv.attachToCanvas(this.canvas);
    this.nv.addColormap(palette, colourTable());
    this.nv.setSliceType(sliceTypes[this.plane]);
    this.canvas.addEventListener('pointermove', (event) => this.#over(this.voxelAt(event)));
    this.canvas.addEventListener('pointerleave', () => this.#over(undefined));
  }

  /** Shows another view. It is drawn by `paint`. */
  async show(view, window) {
    if (!this.#images.has(view)) this.#images.set(view, await imagesOf(view));
    this.view = view;
    const images = this.#images.get(view);
    // All at once: `addVolume` draws anew after each.
    Object.assign(this.nv, { volumes: images, back: images[0], overlays: images.slice(1) });
    this.#isDrawn = false;
    if (window) this.#setWindow(window);
    this.#setOpacity();
  }

  /** Paints the masks of the view in the colours of its pairs; returns how long it took to draw them, in milliseconds. */
  paint(colours) {
    const across = this.plane === 'three' ? undefined : this.storedAxis(planes[this.plane][2]);
    paint(this.view, colours, this.nv.volumes[1].img, across);
    const startMs = performance.now();
    if (this.#isDrawn) this.#drawMasks();
    else this.#drawAll();
    // A pixel is there once all before it has been drawn.
    const { gl } = this.nv;
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    return performance.now() - startMs;
  }

  #drawAll() {
    this.nv.updateGLVolume();
    this.#isDrawn = true;
    // A scan is smooth to the eye, the masks are voxels.
    if (this.view.scan) this.nv.updateInterpolation(0, true);
    this.#placeCrosshair();
  }

  /** The scan, which takes longest, stays as it is. */
  #drawMasks() {
    if (!this.#isDrawn) return;
    this.nv.refreshLayers(this.nv.volumes[1], 1);
    this.#placeCrosshair();
  }

  setWindow(window) {
    this.#setWindow(window);
    if (this.#isDrawn) this.#drawAll();
  }

  #setWindow([low, high]) {
    const [scan] = this.nv.volumes;
    scan.cal_min = low;
    scan.cal_max = Math.max(high, low + 1e-6);
  }

  setOpacity(opacity) {
    this.#opacity = opacity;
    this.#setOpacity();
    this.#drawMasks();
  }

  hideMasks(isHidden) {
    this.#isHidden = isHidden;
    this.#setOpacity();
    this.#drawMasks();
  }

  #setOpacity() {
    const [, masks] = this.nv.volumes;
    if (masks) masks.opacity = this.#isHidden ? 0 : this.#opacity;
  }

  setPlane(plane) {
    this.plane = plane;
    this.nv.setSliceType(sliceTypes[plane]);
  }

  setRadiological(isRadiological) {
    this.nv.setRadiologicalConvention(isRadiological);
  }

  /** Zooms around the crosshair, which stays where it is; 1 is the whole plane. */
  zoom(factor) {
    const { pan2Dxyzmm, crosshairPos } = this.nv.scene;
    const before = pan2Dxyzmm[3];
    const after = Math.min(16, Math.max(1, before * factor));
    const mm = this.nv.frac2mm(crosshairPos);
    const pan = [0, 1, 2].map((axis) => (after === 1 ? 0 : pan2Dxyzmm[axis] + (before - after) * mm[axis]));
    // The lines of the crosshair are not to grow with the voxels.
    this.nv.opts.crosshairGap = lineGap / after;
    this.nv.setCrosshairWidth(lineWidth / after);
    this.nv.setPan2Dxyzmm([...pan, after]);
  }

  /** The stored axis that runs along an axis of the patient. */
  storedAxis(patientAxis) {
    return Math.abs(this.nv.volumes[0].permRAS[patientAxis]) - 1;
  }

  /** The stored axis across the plane that the slider and the page keys move through. */
  get across() {
    return this.storedAxis(planes[this.plane][2]);
  }

  /** Which stored axis an arrow or page key moves along, and how far. */
  keyStep(which, direction) {
    const axis = planes[this.plane][which];
    const stored = this.storedAxis(axis);
    const forward = this.nv.volumes[0].permRAS[axis] > 0 ? 1 : -1;
    const isMirrored = axis === 0 && which === 0 && this.nv.opts.isRadiologicalConvention;
    return [stored, direction * forward * (isMirrored ? -1 : 1)];
  }

  /** Sets the crosshair to a voxel of the scored volume, as near as the view has it. */
  goTo(voxel) {
    this.voxel = voxel;
    this.#placeCrosshair();
  }

  #placeCrosshair() {
    if (!this.view) return;
    const place = this.placeOf(this.voxel);
    const { permRAS, dimsRAS } = this.nv.volumes[0];
    const frac = permRAS.map((signed, axis) => {
      const at = place[Math.abs(signed) - 1] + 0.5;
      const share = at / dimsRAS[axis + 1];
      return signed > 0 ? share : 1 - share;
    });
    this.#isSetting = true;
    this.nv.scene.crosshairPos = frac;
    this.nv.createOnLocationChange();
    this.nv.drawScene();
    this.#isSetting = false;
  }

  /** Place in the view that is nearest to a voxel. */
  placeOf(voxel) {
    const { shape, origin, stride } = this.view;
    return voxel.map((at, axis) => {
      const place = Math.round((at - (stride[axis] >> 1)) / stride[axis]) - origin[axis];
      return Math.min(shape[axis] - 1, Math.max(0, place));
    });
  }

  /** Voxel of the scored volume at a place of the view. */
  voxelOf(place) {
    const { origin, stride } = this.view;
    return place.map((at, axis) => (origin[axis] + at) * stride[axis] + (stride[axis] >> 1));
  }

  #voxelOfFrac(frac) {
    const { permRAS, dimsRAS } = this.nv.volumes[0];
    const place = [0, 0, 0];
    for (const [axis, signed] of permRAS.entries()) {
      const length = dimsRAS[axis + 1];
      const at = Math.min(length - 1, Math.max(0, Math.floor(frac[axis] * length)));
      place[Math.abs(signed) - 1] = signed > 0 ? at : length - 1 - at;
    }
    return this.voxelOf(place);
  }

  /** The voxel under a pointer; undefined outside the planes. */
  voxelAt({ offsetX, offsetY }) {
    if (!this.view) return undefined;
    const scale = this.canvas.width / this.canvas.clientWidth;
    const frac = this.nv.canvasPos2frac([offsetX * scale, offsetY * scale]);
    return frac[0] < 0 ? undefined : this.#voxelOfFrac(frac);
  }

  #hearLocation() {
    if (this.#isSetting || !this.view) return;
    const next = this.#voxelOfFrac(this.nv.scene.crosshairPos);
    this.voxel = next;
    this.#moved(next);
  }
}

/** Position in mm of a voxel. */
export function mmOf({ affine }, voxel) {
  return [0, 4, 8].map((row) =>
    voxel.reduce((sum, at, axis) => sum + affine[row + axis] * at, affine[row + 3]),
  );
}

/** The scan, or a black ground, and the masks in numbers of colours. */
async function imagesOf(view) {
  const { shape, affine, origin, stride, spacingMm } = view;
  const first = mmOf(
    view,
    origin.map((at, axis) => at * stride[axis] + (stride[axis] >> 1)),
  );
  const shown = [0, 1, 2].flatMap((row) => [
    ...stride.map((step, axis) => affine[4 * row + axis] * step),
    first[row],
  ]);
  const pixelMm = stride.map((step, axis) => step * spacingMm[axis]);
  const image = async (array, colormap, low, high) => {
    const bytes = NVImage.createNiftiArray(
      shape,
      pixelMm,
      [...shown, 0, 0, 0, 1],
      datatypes[array.constructor.name],
      array,
    );
    return NVImage.new(bytes.buffer, 'view.nii', colormap, 1, null, low, high);
  };
  const size = view.voxels.length;
  return [
    await image(view.scan ?? new Uint8Array(size), 'gray', 0, 255),
    await image(new Uint8Array(size), palette, 0, 255),
  ];
}
