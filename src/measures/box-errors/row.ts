/** Where the errors of a case are: those of each class in boxes of voxels. They depend on the cut, so no result rests on them. */
import * as z from 'zod';
import { PartialError } from '../../base/errors.ts';
import type { Quantity } from '../quantity.ts';
import type { ClassPass } from '../tile/class-pass.ts';
import type { TileView } from '../tile/tile-view.ts';
import {
  type BoxSums,
  boxSumsSchema,
  boxWidth,
  encodeBoxSums,
  LabelSums,
  sumsOfScores,
  writeScoreSums,
} from './box-sums.ts';
import { slabBoxes, slabsOf } from './boxes.ts';
import type { BoxErrors } from './class-errors.ts';
import { ErrorSums } from './error-sums.ts';

/** Of a tile: its sums, and those of its slabs; absent where it is one, or has too many labels for that. */
const partialSchema = z.object({ whole: boxSumsSchema, slabs: boxSumsSchema.optional() });

export const boxErrors: Quantity<never, never, BoxErrors> = {
  id: 'box-errors',
  needs: () => true,
  meter({ settings }) {
    const labels = settings.scores === 'label' ? new LabelSums(settings) : undefined;
    const scores = new ScoreSums(settings.classes.length);
    return {
      class: ({ tile, index, sums }) => scores.add(tile, index, sums),
      partial(tile) {
        const { whole, slabs } = labels ? labelSums(labels, tile) : scores.take(tile);
        return { json: { whole: encodeBoxSums(whole), ...(slabs && { slabs: encodeBoxSums(slabs) }) } };
      },
    };
  },
  collect({ settings, shape, tileShape }) {
    const cut = { shape, tileShape };
    const errors = new ErrorSums(settings, cut);
    const grid = slabBoxes(cut, settings.classes.length);
    return {
      add(box, { json, file }) {
        const found = partialSchema.safeParse(json);
        const { whole, slabs } = found.data ?? {};
        const fits = (sums: BoxSums, boxes: number) =>
          sums.values.length === boxes * boxWidth(sums.keys.length);
        if (!whole || !fits(whole, 1) || (slabs && !fits(slabs, slabsOf(grid, box).length))) {
          throw new PartialError('partial-of-another', `${file.path} is of another tile or plan`, {
            file: file.path,
          });
        }
        errors.add(box, whole, slabs);
      },
      done: () => ({ collected: errors.list(), jobs: [] }),
    };
  },
  finish: (collected) => collected as BoxErrors,
};

interface TileSums {
  readonly whole: BoxSums;
  readonly slabs: BoxSums | undefined;
}

function labelSums(labels: LabelSums, tile: TileView): TileSums {
  const { confusion, slabs } = tile.pairs();
  return {
    whole: labels.of(confusion, [confusion.map(([, , voxels]) => voxels)]),
    slabs: slabs.length > 0 ? labels.of(confusion, slabs) : undefined,
  };
}

/** Gathers the classes of a tile. */
class ScoreSums {
  readonly #width: number;
  readonly #overlaps: ClassPass['overlap'][] = [];
  #slabs = new Float64Array(0);

  constructor(classes: number) {
    this.#width = boxWidth(classes);
  }

  add({ slabs }: TileView, index: number, { overlap, bySlab }: ClassPass): void {
    if (index === 0) this.#slabs = new Float64Array(bySlab.length * this.#width);
    this.#overlaps[index] = overlap;
    for (const [slab, now] of bySlab.entries()) {
      this.#slabs[slab * this.#width] = slabs[slab]!;
      writeScoreSums(this.#slabs, slab * this.#width + boxWidth(index), now, bySlab[slab - 1]);
    }
  }

  take(tile: TileView): TileSums {
    const whole = sumsOfScores(tile.voxels, this.#overlaps);
    const slabs = tile.slabs.length > 1 ? { keys: whole.keys, values: this.#slabs } : undefined;
    return { whole, slabs };
  }
}
