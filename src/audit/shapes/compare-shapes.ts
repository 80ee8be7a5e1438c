/**
 * Borders and lesions of a tile: its part of the case's masks beside what is recomputed voxel by voxel, then the elements,
 * distances and components that the kernels find in that part, as if it were a volume, beside those of the plain definitions.
 */
import type { Box, Vec3 } from '../../base/box.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import type { DistanceList } from '../../measures/boundary/distance-list.ts';
import { measureDistances } from '../../measures/boundary/measure-distances.ts';
import { atConnectivity, type Components, type Overlaps } from '../../measures/lesions/components.ts';
import { findComponents } from '../../measures/lesions/find-components.ts';
import { emptyMask, type Mask } from '../../measures/masks/mask.ts';
import { MaskBuilder } from '../../measures/masks/mask-builder.ts';
import { readCaseFacts, readClassMasks, readIgnored } from '../../measures/shapes/case-masks.ts';
import type { SectionFile } from '../../measures/shapes/section-file.ts';
import type { RunSettings } from '../../settings/run-settings.ts';
import { connectivities } from '../../settings/shape-names.ts';
import type { TileVoxels } from '../tile-voxels.ts';
import { type Compared, count } from '../values.ts';
import { plainComponents } from './plain-components.ts';
import {
  type PlainElement,
  type PlainMask,
  plainCornerElements,
  plainDistance,
  plainVoxelElements,
} from './plain-elements.ts';
import {
  boxOf,
  cropped,
  type Inside,
  isInTile,
  labelNames,
  maskInBox,
  plainIgnored,
  plainMasks,
} from './tile-masks.ts';

export interface ShapesOfTile {
  readonly voxels: TileVoxels;
  /** Of the tile, in the volume. */
  readonly box: Box;
  readonly spacingMm: Vec3;
  /** The masks that the run keeps of the case. */
  readonly file: SectionFile;
}

/** Elements of a side whose distances are recomputed. */
const sampledElements = 16;
const sides = ['reference', 'prediction'] as const;

/** @throws PartialError for masks that are damaged */
export function compareShapes(
  kernels: Kernels,
  { voxels, box, spacingMm, file }: ShapesOfTile,
  settings: RunSettings,
): Compared[] {
  const facts = readCaseFacts(file);
  const ignored = plainIgnored(voxels);
  const none = emptyMask(facts.shape);
  const keptIgnored = maskInBox(readIgnored(file, facts), box);
  const rows = [compareMask(null, 'ignored mask', keptIgnored, ignored)];
  const labels = settings.scores === 'label' ? labelNames(voxels) : new Map<number, string>();
  const every = settings.scores === 'label' && settings.classes.length === 0 ? labels.values() : [];
  for (const name of new Set([...facts.classes.map((own) => own.name), ...every])) {
    const index = facts.classes.findIndex((own) => own.name === name);
    if (!isInTile(settings, labels, name, facts.classes[index], box)) continue;
    const masks = index < 0 ? { reference: none, prediction: none } : readClassMasks(file, facts, index);
    const stored = {
      reference: maskInBox(masks.reference, box),
      prediction: maskInBox(masks.prediction, box),
    };
    const plain = plainMasks(voxels, settings, labels, name, stored);
    for (const side of sides) rows.push(compareMask(name, `${side} mask`, stored[side], plain[side]));
    const all = [stored.reference, stored.prediction, plain.reference, plain.prediction];
    const part = boxOf(all, box.shape);
    if (part === null) continue;
    const crop = (inside: Inside) => cropped(inside, box.shape, part);
    const question = {
      name,
      shape: part.shape,
      spacingMm,
      ignored: crop(ignored),
      stored: { reference: crop(stored.reference), prediction: crop(stored.prediction) },
      plain: { reference: crop(plain.reference), prediction: crop(plain.prediction) },
    };
    if (settings.shapes!.boundary) rows.push(...compareElements(kernels, question));
    if (settings.shapes!.lesions) rows.push(...compareComponents(kernels, question));
  }
  return rows;
}

/** Both sides of a class in a part of the tile. */
interface PartQuestion {
  readonly name: string;
  readonly shape: Vec3;
  readonly spacingMm: Vec3;
  readonly ignored: Inside;
  readonly stored: Record<(typeof sides)[number], Inside>;
  readonly plain: Record<(typeof sides)[number], Inside>;
}

function compareMask(name: string | null, what: string, stored: Inside, plain: Inside): Compared {
  let [exact, audit, common] = [0, 0, 0];
  for (let i = 0; i < stored.length; i++) {
    exact += stored[i]!;
    audit += plain[i]!;
    common += stored[i]! & plain[i]!;
  }
  return row(name, `${what} voxels`, exact, exact === audit ? common : audit);
}

function compareElements(kernels: Kernels, question: PartQuestion): Compared[] {
  const { name, shape, spacingMm, stored, plain, ignored } = question;
  const masks = { reference: maskOf(stored.reference, shape), prediction: maskOf(stored.prediction, shape) };
  const lost = maskOf(ignored, shape);
  const elementsOf = (inside: Inside) => {
    const mask: PlainMask = { shape, inside, ignored };
    return { voxel: plainVoxelElements(mask), surfel: plainCornerElements(mask) };
  };
  const again = { reference: elementsOf(plain.reference), prediction: elementsOf(plain.prediction) };
  return sides.flatMap((side) => {
    const other = side === 'reference' ? 'prediction' : 'reference';
    const task = { from: masks[side], to: masks[other], ignored: lost, spacingMm };
    const found = measureDistances(kernels, task);
    return (['voxel', 'surfel'] as const).flatMap((border) => {
      const own = again[side][border];
      const what = `${side} ${border}`;
      return [
        compareLists(
          name,
          `${what} elements`,
          countsByCode(found[border]),
          tally(own.map(({ code }) => code)),
        ),
        compareDistances(name, `${what} distances`, found[border], own, again[other][border], spacingMm),
      ];
    });
  });
}

/** Whether the distances of some elements, evenly chosen, are among those that were found. */
function compareDistances(
  name: string,
  what: string,
  found: DistanceList,
  from: readonly PlainElement[],
  to: readonly PlainElement[],
  spacingMm: Vec3,
): Compared {
  const known = new Set(Array.from(found.distances, (distance, i) => `${distance} ${found.codes[i]}`));
  const step = Math.max(1, Math.floor(from.length / sampledElements));
  const sample = from.filter((_, i) => i % step === 0);
  const there = sample.filter(({ place, code }) =>
    known.has(`${plainDistance(place, to, spacingMm)} ${code}`),
  );
  return row(name, what, there.length, sample.length);
}

function compareComponents(kernels: Kernels, { name, shape, stored, plain }: PartQuestion): Compared[] {
  const found = findComponents(kernels, maskOf(stored.reference, shape), maskOf(stored.prediction, shape));
  return connectivities.flatMap((connectivity) => {
    const table = atConnectivity(found, connectivity);
    const [r, p] = sides.map((side) => plainComponents(plain[side], shape, connectivity));
    const shared = new Map<string, number>();
    for (let i = 0; i < r!.length; i++) {
      if (r![i]! === 0 || p![i]! === 0) continue;
      const key = `${r![i]} ${p![i]}`;
      shared.set(key, (shared.get(key) ?? 0) + 1);
    }
    const by = `by ${connectivity} neighbours`;
    return [
      compareLists(
        name,
        `reference components ${by}`,
        sizesOf(table.reference),
        tally(r!.filter(isComponent)),
      ),
      compareLists(
        name,
        `prediction components ${by}`,
        sizesOf(table.prediction),
        tally(p!.filter(isComponent)),
      ),
      compareLists(name, `overlaps of components ${by}`, overlapsOf(table.overlap), shared),
    ];
  });
}

/** 0 is the background. */
const isComponent = (number: number) => number > 0;

/** Numbers by name: their sums, and where these are equal how much both have in common. */
function compareLists(
  name: string,
  what: string,
  exact: ReadonlyMap<string, number>,
  audit: ReadonlyMap<string, number>,
): Compared {
  const sum = (list: Iterable<number>) => [...list].reduce((all, value) => all + value, 0);
  const [before, again] = [sum(exact.values()), sum(audit.values())];
  const common = sum([...exact].map(([key, value]) => Math.min(value, audit.get(key) ?? 0)));
  return row(name, what, before, before === again ? common : again);
}

function row(name: string | null, quantity: string, exact: number, audit: number): Compared {
  const { value, bound } = count(audit);
  return { class: name, quantity, exact, audit: value, bound };
}

/** How often each number occurs. */
function tally(numbers: Iterable<number>): Map<string, number> {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return new Map([...counts].map(([number, times]) => [String(number), times]));
}

function countsByCode({ codes, counts }: DistanceList): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [i, code] of codes.entries()) {
    sums.set(String(code), (sums.get(String(code)) ?? 0) + counts[i]!);
  }
  return sums;
}

function sizesOf({ voxels }: Components): Map<string, number> {
  return new Map(Array.from(voxels, (size, i) => [String(i + 1), size]));
}

function overlapsOf({ reference, prediction, voxels }: Overlaps): Map<string, number> {
  return new Map(Array.from(voxels, (size, i) => [`${reference[i]} ${prediction[i]}`, size]));
}

function maskOf(inside: Inside, shape: Vec3): Mask {
  const builder = new MaskBuilder(shape);
  for (let z = 0, i = 0; z < shape[2]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      let from = -1;
      for (let x = 0; x <= shape[0]; x++) {
        const here = x < shape[0] && inside[i++] === 1;
        if (here && from < 0) from = x;
        if (here || from < 0) continue;
        builder.add(y, z, from, x);
        from = -1;
      }
    }
  }
  return builder.finish();
}
