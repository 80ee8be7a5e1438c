// The files of a case without a score, side by side, each on its own grid.
import { fetchView } from './fetch-view.js';
import { pairColours } from './paint.ts';
import { mmOf, Stage } from './stage.js';

export async function showSides(figures) {
  const stages = [];
  for (const figure of figures) {
    const where = figure.querySelector('.where');
    const stage = new Stage(figure.querySelector('canvas'), {
      over: (voxel) => {
        if (voxel) where.textContent = text(stage.view, voxel);
      },
    });
    try {
      await stage.attach();
      const view = await fetchView(figure.dataset.side, (what, share) => {
        where.textContent = `${what}: ${Math.round(100 * share)} %`;
      });
      stage.setPlane('three');
      await stage.show(view);
      const shown = new Set(view.sets.flat());
      stage.paint(pairColours(view, { mode: figure.dataset.mode, classIndex: 0, shown, outlines: false }));
      const start = figure.dataset.start ? figure.dataset.start.split(',').map(Number) : middleOf(view);
      stage.goTo(start);
      where.textContent = `${view.wholeShape.join(' × ')} voxels of ${view.spacingMm.map((mm) => Number(mm.toPrecision(4))).join(' × ')} mm. ${text(view, start)}`;
      stages.push(stage);
    } catch (error) {
      where.textContent = error.code ? error.message : `This file cannot be shown here: ${error.message}`;
    }
    figure.dataset.loaded = 'yes';
  }
  // A place in one is the same place, in mm, in the other.
  for (const stage of stages)
    stage.nv.broadcastTo(stages.filter((each) => each !== stage).map(({ nv }) => nv));
  document.body.dataset.loaded = 'yes';
}

function middleOf({ shape, origin, stride }) {
  return shape.map((length, axis) => (origin[axis] + (length >> 1)) * stride[axis]);
}

function text(view, voxel) {
  return `Voxel [${voxel.join(', ')}] at [${mmOf(view, voxel)
    .map((mm) => mm.toFixed(1))
    .join(', ')}] mm`;
}
