// A case with a score: its picture, and the controls beside it.
import { classColour, css } from './colours.ts';
import { fetchView } from './fetch-view.js';
import { listenToKeys } from './keys.js';
import { countClass, pairColours, worstPlane, worstVoxel } from './paint.ts';
import { mmOf, Stage } from './stage.js';
import { windowsOf } from './windows.ts';

/** How long the crosshair rests before its plane is read, in milliseconds. */
const restMs = 150;

const byId = (id) => document.getElementById(id);

/** Where the overview is drawn in this time, a larger one can be, in milliseconds. */
const quickMs = 150;

/** `facts`: what the server knows of the case; see case-page.ts. */
export async function showCase(figure, facts) {
  const form = byId('look');
  const field = (name) => form.elements.namedItem(name);
  const where = byId('where');
  const stage = new Stage(byId('stage'), { moved: show, over: tellPointer });
  const shown = new Set(facts.classes.map(({ index }) => index));
  let classIndex = facts.class;
  let overview;
  let fine;
  let resting;
  let isReading = false;

  try {
    // The server reads while shaders are compiled.
    const reading = fetchView(`${facts.view}?class=${classIndex}`, tellProgress);
    reading.catch(() => undefined);
    await stage.attach();
    overview = await reading;
    prepareScan();
    if (overview.onlyClass !== null) {
      for (const each of [...shown]) if (each !== overview.onlyClass) shown.delete(each);
      tell('only', 'Too many classes meet in this case to show all at once: only the chosen one is shown.');
    }
    prepareControls();
    const drawnMs = await showView(overview);
    start();
    checkCounts();
    document.body.dataset.loaded = 'yes';
    if (isReduced() && drawnMs < quickMs) await refine();
  } catch (error) {
    figure.dataset.failed = 'yes';
    where.textContent = error.code ? error.message : `The volumes cannot be shown here: ${error.message}`;
    return;
  }

  function tellProgress(what, share) {
    if (figure.dataset.failed) return;
    where.textContent = `${what}: ${Math.round(100 * share)} %`;
  }

  // ---- What is shown

  function paintSettings() {
    const mode = field('mode').value;
    return { mode, classIndex, shown, outlines: field('outlines').checked };
  }

  /** Returns how long it took to draw it, in milliseconds. */
  async function showView(view) {
    await stage.show(view, view.scan && chosenWindow());
    return repaint();
  }

  function repaint() {
    const drawnMs = stage.paint(pairColours(stage.view, paintSettings()));
    countSlice();
    figure.dataset.mode = field('mode').value;
    return drawnMs;
  }

  /** A machine that draws quickly gets more voxels: all of them, where they are not too many. */
  async function refine() {
    const finer = await fetchView(`${facts.view}?class=${classIndex}&fine=yes`, (what, share) =>
      tell('stride', `${strideText()} ${what} more of them: ${Math.round(100 * share)} %.`),
    );
    overview = finer;
    if (!fine) await showView(overview);
    prepareSlider();
    checkCounts();
  }

  /** Windows of the whole scan, also for its planes. */
  function prepareScan() {
    const control = byId('window-control');
    const fault = overview.scanFault && `The scan is not shown: ${overview.scanFault}.`;
    tell(
      'scan',
      fault ??
        (overview.scan
          ? undefined
          : 'No scan: name it in the column image of the manifest, or give its folder by --images.'),
    );
    if (!overview.scan) return;
    control.hidden = false;
    for (const name of Object.keys(windowsOf(overview.percentiles))) {
      field('window').append(new Option(name));
    }
    field('opacity').value = 55;
  }

  function chosenWindow() {
    return windowsOf(overview.percentiles)[field('window').value];
  }

  function tell(id, text) {
    byId(`${id}-note`).textContent = text ?? '';
  }

  // ---- Where it is shown

  function isReduced() {
    return overview.stride.some((step) => step > 1);
  }

  function hasFine() {
    return isReduced() && stage.plane !== 'three';
  }

  function start() {
    const [x, y, z] = overview.spacingMm.map((mm, axis) => mm * overview.stride[axis]);
    const isThick = Math.max(x, y, z) > 2 * Math.min(x, y, z);
    if (isThick || isReduced() || innerWidth < 640) field('view').value = 'axial';
    changePlane();
    if (facts.start) show(facts.start);
    else startOf(0);
  }

  function changePlane() {
    stage.setPlane(field('view').value);
    // Outlines are those in the plane in view.
    if (field('outlines').checked || field('mode').value === 'both') repaint();
    prepareSlider();
  }

  function prepareSlider() {
    const slice = field('slice');
    const axis = stage.across;
    const ends = [0, overview.shape[axis] - 1].map(
      (at) => (overview.origin[axis] + at) * overview.stride[axis],
    );
    [slice.min, slice.max] = [
      ends[0],
      Math.min(overview.wholeShape[axis] - 1, ends[1] + overview.stride[axis] - 1),
    ];
    show(stage.voxel);
  }

  /** Brings a voxel into view: at once as the overview has it, then as it was scored. */
  function show(voxel) {
    const isOther =
      fine && !(hasFine() && fine.plane.axis === stage.across && fine.plane.at === voxel[fine.plane.axis]);
    stage.voxel = voxel;
    if (isOther) {
      fine = undefined;
      // The crosshair goes with the view.
      showView(overview).then(() => stage.goTo(voxel));
    } else stage.goTo(voxel);
    const slice = field('slice');
    slice.value = voxel[stage.across];
    field('place').value = `${voxel[stage.across] + 1} of ${overview.wholeShape[stage.across]}`;
    tellCrosshair(voxel);
    countSlice();
    history.replaceState(null, '', `?class=${classIndex}&voxel=${voxel.join()}`);
    clearTimeout(resting);
    if (hasFine() && !fine) resting = setTimeout(readPlane, restMs);
    else tell('stride', hasFine() || !isReduced() ? '' : strideText());
  }

  function strideText() {
    return `Of every ${overview.stride.join(' × ')} voxels one is shown. A single plane is shown in full.`;
  }

  async function readPlane() {
    if (isReading) return;
    const plane = { axis: stage.across, at: stage.voxel[stage.across] };
    const isWanted = () => hasFine() && stage.across === plane.axis && stage.voxel[plane.axis] === plane.at;
    isReading = true;
    tell('stride', `Reading the plane in full. ${strideText()}`);
    try {
      const view = await fetchView(
        `${facts.view}?class=${classIndex}&axis=${plane.axis}&at=${plane.at}`,
        () => {},
      );
      if (isWanted()) {
        fine = Object.assign(view, { plane });
        await showView(fine);
        stage.goTo(stage.voxel);
        tell('stride', 'The plane is shown in full: every voxel as it was scored.');
      }
    } catch (error) {
      tell('stride', `The plane cannot be shown in full: ${error.message} ${strideText()}`);
      return;
    } finally {
      isReading = false;
    }
    if (!isWanted() && hasFine() && !fine) readPlane();
  }

  function places() {
    return [...document.querySelectorAll('#places button')];
  }

  /** Goes to the place with this number, to the slice with the most error where there is none. */
  function startOf(number) {
    const button = places()[number];
    if (!button) return goToWorst();
    for (const each of places()) each.ariaCurrent = each === button ? 'true' : null;
    const { voxel, first, last } = JSON.parse(button.dataset.place);
    show(worstIn({ first, last }) ?? voxel);
  }

  function stepPlace(direction) {
    const all = places();
    if (all.length === 0) return;
    const current = all.findIndex((each) => each.ariaCurrent);
    startOf((current + direction + all.length) % all.length);
  }

  function goToWorst() {
    for (const each of places()) each.ariaCurrent = null;
    show(worstIn() ?? overview.wholeShape.map((length) => length >> 1));
  }

  /** A voxel in the slice with the most error, of a part or of all; undefined where the overview shows none. */
  function worstIn(part) {
    const box = part && { first: insideOf(part.first), last: insideOf(part.last) };
    const axis = stage.across;
    const place = worstPlane(overview, classIndex, axis, box && [box.first[axis], box.last[axis]]);
    if (place === undefined) return undefined;
    const voxel = worstVoxel(overview, classIndex, axis, place, box);
    return voxel?.map((at, k) => (overview.origin[k] + at) * overview.stride[k] + (overview.stride[k] >> 1));
  }

  function insideOf(voxel) {
    const { shape, origin, stride } = overview;
    return voxel.map((at, axis) =>
      Math.min(
        shape[axis] - 1,
        Math.max(0, Math.round((at - (stride[axis] >> 1)) / stride[axis]) - origin[axis]),
      ),
    );
  }

  // ---- What is told

  function describe(voxel) {
    const mm = mmOf(overview, voxel).map((each) => each.toFixed(1));
    const place = stage.placeOf(voxel);
    const { shape, sets, pairs, voxels, scan, ignoredPair } = stage.view;
    const index = place[0] + shape[0] * (place[1] + shape[1] * place[2]);
    const names = (set) => sets[set].map((each) => facts.names[each]).join(', ') || 'none';
    const [prediction, reference] = pairs[voxels[index]];
    const classes =
      voxels[index] === ignoredPair
        ? 'ignored'
        : `prediction ${names(prediction)}, reference ${names(reference)}`;
    const value = scan ? `, scan ${Number(scan[index].toPrecision(4))}` : '';
    return `Voxel [${voxel.join(', ')}] at [${mm.join(', ')}] mm: ${classes}${value}`;
  }

  function tellCrosshair(voxel) {
    where.textContent = describe(voxel);
  }

  function tellPointer(voxel) {
    if (overview && stage.view) byId('pointer').textContent = voxel ? describe(voxel) : '';
  }

  /** Counts of the plane in view, from what is painted. */
  function countSlice() {
    if (!stage.view) return;
    const axis = stage.across;
    const counts = countClass(stage.view, classIndex, { axis, at: stage.placeOf(stage.voxel)[axis] });
    for (const [name, value] of Object.entries(counts)) {
      const output = byId(`slice-${name}`);
      if (output) output.value = value.toLocaleString('en');
    }
  }

  /** The whole picture must count what the results say. */
  function checkCounts() {
    const { tp, fp, fn } = facts.classes.find(({ index }) => index === classIndex) ?? { tp: 0, fp: 0, fn: 0 };
    if (isReduced() || (overview.onlyClass !== null && overview.onlyClass !== classIndex)) return;
    const painted = countClass(overview, classIndex);
    const isSame = painted.tp === tp && painted.fp === fp && painted.fn === fn;
    figure.dataset.painted = [painted.tp, painted.fp, painted.fn].join();
    byId('differs').hidden = isSame;
    byId('differs').textContent = isSame
      ? ''
      : `The picture does not show what was scored: it counts ${painted.tp} voxels agreed, ${painted.fp} extra and ${painted.fn} missed, the results ${tp}, ${fp} and ${fn}.`;
  }

  // ---- Controls

  function prepareControls() {
    for (const button of document.querySelectorAll('#legend [data-colour]')) {
      button.style.setProperty('--colour', css(classColour(Number(button.dataset.colour))));
    }
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('input', ({ target: { name, value, checked } }) => {
      if (name === 'slice') show(stage.voxel.map((at, axis) => (axis === stage.across ? Number(value) : at)));
      if (name === 'view') changePlane();
      if (name === 'mode' || name === 'outlines') repaint();
      if (name === 'opacity') stage.setOpacity(Number(value) / 100);
      if (name === 'window') stage.setWindow(chosenWindow());
      if (name === 'neurological') stage.setRadiological(!checked);
    });
    stage.setOpacity(Number(field('opacity').value) / 100);
    byId('worst').addEventListener('click', goToWorst);
    for (const [id, factor] of [
      ['closer', 1.5],
      ['farther', 1 / 1.5],
    ]) {
      byId(id).addEventListener('click', () => stage.zoom(factor));
    }
    document.addEventListener('click', (event) => {
      const button = event.target.closest('#places button');
      if (button) startOf(places().indexOf(button));
    });
    byId('legend').addEventListener('change', ({ target }) => toggle(Number(target.value), target.checked));
    for (const [id, isOn] of [
      ['all-on', true],
      ['all-off', false],
    ]) {
      byId(id)?.addEventListener('click', () => {
        for (const box of document.querySelectorAll('#legend input')) {
          box.checked = isOn;
          if (isOn) shown.add(Number(box.value));
          else shown.delete(Number(box.value));
        }
        allClasses();
      });
    }
    const chooser = document.querySelector('#class-choice select');
    chooser?.addEventListener('change', () => chooseClass(Number(chooser.value)));
    chooser?.form.addEventListener('submit', (event) => {
      event.preventDefault();
      chooseClass(Number(chooser.value));
    });
    let isHidden = false;
    listenToKeys(byId('stage'), {
      step: (which, direction) => {
        const [axis, way] = stage.keyStep(which, direction);
        const step = hasFine() ? 1 : overview.stride[axis];
        const at = Math.min(overview.wholeShape[axis] - 1, Math.max(0, stage.voxel[axis] + way * step));
        show(stage.voxel.map((each, k) => (k === axis ? at : each)));
      },
      hide: () => {
        isHidden = !isHidden;
        stage.hideMasks(isHidden);
      },
      toggleClass: (number) => {
        const box = document.querySelectorAll('#legend input')[number - 1];
        if (!box) return;
        box.checked = !box.checked;
        toggle(Number(box.value), box.checked);
      },
      place: stepPlace,
      worst: goToWorst,
      zoom: (factor) => stage.zoom(factor),
    });
  }

  function toggle(index, isOn) {
    if (isOn) shown.add(index);
    else shown.delete(index);
    allClasses();
  }

  /** Switching classes says nothing while one class alone is looked at. */
  function allClasses() {
    if (field('mode').value === 'error') field('mode').value = 'both';
    repaint();
  }

  /** Another class: its facts and places come from its own page, the picture stays. */
  async function chooseClass(index) {
    const answer = await fetch(`?class=${index}`);
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const id of ['facts', 'places', 'neighbours']) byId(id).replaceWith(page.getElementById(id));
    classIndex = index;
    if (overview.onlyClass !== null && overview.onlyClass !== index) {
      overview = await fetchView(`${facts.view}?class=${index}`, tellProgress);
      await showView(overview);
    }
    repaint();
    checkCounts();
    show(stage.voxel);
  }
}
