/**
 * Borders and lesions. Tiles give the masks of both sides as runs of voxels; these are united for the case and kept, and distances,
 * components and lesions are measured of the united masks, in jobs.
 */
import * as z from 'zod';
import { PartialError } from '../../base/errors.ts';
import { jsonLabel, labelSchema } from '../../base/label.ts';
import { decidesByChannel, type RunSettings } from '../../settings/run-settings.ts';
import { bratsPresets } from '../../settings/shape-names.ts';
import type { VoxelSize } from '../lesions/brats.ts';
import type { Mask } from '../masks/mask.ts';
import { collectorBytes } from '../masks/tile-runs.ts';
import type { JobContext, Quantity } from '../quantity.ts';
import { hardThreshold } from '../tile/threshold.ts';
import type { ClassView } from '../tile/tile-view.ts';
import {
  type CaseMaskFacts,
  type ClassKeys,
  type ClassMasks,
  caseMaskSections,
  factsOfCase,
  mergeCase,
  readCaseFacts,
  readClassMasks,
} from './case-masks.ts';
import { type CaseShapes, encodeCaseShapes } from './case-shapes.ts';
import { type ClassDecision, MaskCollector } from './mask-collector.ts';
import { checkShapeMemory, copiesOfRuns } from './memory.ts';
import { whyNoDistances } from './orthogonal.ts';
import { keepSections, withSections } from './section-files.ts';
import {
  doTask,
  gatherResults,
  planTasks,
  type ShapeQuestion,
  type ShapeResult,
  type ShapeTask,
} from './tasks.ts';
import { maskSides, type TileMasks } from './tile-masks.ts';

export const shapesId = 'shapes';
/** Names of the files that are kept of a case: its masks, and what was measured of them. */
export const masksName = 'masks';
export const measuredName = 'measured';

export interface ShapeJob {
  readonly tasks: readonly ShapeTask[];
  readonly voxel: VoxelSize;
}

/** What is known of a case before its jobs. */
interface Collected extends Omit<CaseShapes, 'classes'> {
  readonly facts: CaseMaskFacts;
  readonly question: ShapeQuestion;
}

/** Addresses of what only this row uses. */
interface Room {
  readonly runs: number;
  /** 2 bytes a voxel. */
  readonly codes: number;
}

const partialSchema = z.array(z.tuple([z.enum(maskSides), labelSchema]));

export const shapes: Quantity<ShapeJob, readonly ShapeResult[], null> = {
  id: shapesId,
  needs: (settings) => settings.shapes !== undefined,
  layOut: (layout, { voxels }): Room => ({
    runs: layout.region(collectorBytes),
    codes: layout.region(2 * voxels),
  }),
  meter({ kernels, settings, regions }, room) {
    const { runs, codes } = room as Room;
    const collector = new MaskCollector(kernels, runs, codes);
    return {
      ...(settings.ignoreLabel !== null && {
        whole: ({ stored }) => collector.ignored(regions.mask, stored),
      }),
      class: (view) => collector.class(view.index, view.mask, decisionOf(settings, view), view.tile.voxels),
      partial(tile) {
        if (settings.scores === 'label') {
          collector.labelMaps(regions.codes, regions.labels, tile.voxels, (code) => tile.codes.labelOf(code));
        }
        const masks = collector.take();
        return {
          json: masks.map(({ side, key }) => [side, jsonLabel(key)]),
          blobs: masks.map(({ bytes }, i) => ({ name: String(i), bytes })),
        };
      },
    };
  },
  collect({ settings, shape, spacingMm, voxelMm3, affine, memoryBytes, kernels, kept }) {
    const tiles: TileMasks[] = [];
    let bytes = 0;
    return {
      add(box, { json, blob, file }) {
        const found = partialSchema.safeParse(json);
        if (!found.success) {
          throw new PartialError('partial-of-another', `${file.path} is of another version`, {
            file: file.path,
          });
        }
        const masks = found.data.map(([side, key], i) => ({ side, key, bytes: blob(String(i)) }));
        for (const mask of masks) bytes += mask.bytes.length;
        checkShapeMemory(
          copiesOfRuns * bytes,
          memoryBytes,
          `the runs of voxels of all masks take ${bytes} bytes so far, and as much again united and in the kernels`,
        );
        tiles.push({ box, masks });
      },
      done() {
        const masks = mergeCase(kernels(), shape, tiles, classKeys(settings));
        const facts = factsOfCase(masks);
        keepSections(kept(shapesId), masksName, { masks: facts }, caseMaskSections(masks));
        const asked = settings.shapes!;
        const noDistances = whyNoDistances(affine);
        const noBoundary = asked.boundary ? noDistances : null;
        const bratsRule = asked.lesions && asked.lesionPreset ? bratsPresets[asked.lesionPreset] : null;
        const boundary = asked.boundary && noBoundary === null;
        const question = { boundary, lesions: asked.lesions, bratsRule };
        const place = { shape, spacingMm, voxelMm3, affine: [...affine] };
        const collected: Collected = { ...place, noBoundary, bratsRule, facts, question };
        const voxel = { spacingMm: noDistances === null ? spacingMm : null, voxelMm3 };
        return { collected, jobs: planTasks(facts, question).map((tasks) => ({ tasks, voxel })) };
      },
    };
  },
  worker() {
    const held: HeldMasks = {};
    return { work: ({ tasks, voxel }, context) => measure(context, held, tasks, voxel) };
  },
  finish(collected, results, { kept }) {
    const { facts, question, ...place } = collected as Collected;
    const classes = gatherResults(facts, question, results.flat());
    const { about, sections } = encodeCaseShapes({ ...place, classes });
    keepSections(kept, measuredName, about, sections);
    return null;
  },
};

/** How a class is given to voxels, as its hard metrics go. */
function decisionOf(settings: RunSettings, { index, scores, logit, tile }: ClassView): ClassDecision {
  const runClass = settings.classes[index]!;
  if (!decidesByChannel(settings, runClass)) {
    return { scores, threshold: hardThreshold(settings.threshold, logit === 1) };
  }
  const label = tile.codes.codeOf(settings.channelLabels[runClass.channels[0]!]!)!;
  return { labels: tile.regions.labels, label };
}

/** Which of the tiles' masks are whose; null where every label is a class. */
function classKeys({ scores, classes }: RunSettings): ClassKeys[] | null {
  if (scores !== 'label') {
    return classes.map(({ name }, index) => ({ name, has: (key) => key === index }));
  }
  if (classes.length === 0) return null;
  return classes.map(({ name, labels }) => {
    const own = labels === 'positive' ? undefined : new Set<number | bigint>(labels);
    return { name, has: (key) => own === undefined || own.has(key) };
  });
}

/** The masks of one class, from a job to the next: read anew for each, they would be left behind until they are collected. */
interface HeldMasks {
  class?: number;
  masks?: ClassMasks & { readonly ignored: Mask };
}

function measure(
  { kernels, kept, memoryBytes }: JobContext,
  held: HeldMasks,
  tasks: readonly ShapeTask[],
  voxel: VoxelSize,
): ShapeResult[] {
  return withSections(kept, masksName, (file) => {
    const facts = readCaseFacts(file);
    const masksOf = (index: number) => {
      if (held.masks && held.class === index) return held.masks;
      // Two classes are never held.
      delete held.masks;
      held.masks = readClassMasks(file, facts, index);
      held.class = index;
      return held.masks;
    };
    return tasks.map((task) => doTask(kernels, task, masksOf(task.class), voxel, memoryBytes));
  });
}
