/**
 * What a user would want to be told of results that are right and yet may not be what was meant: predictions without a
 * foreground voxel, labels that no reference has, prediction and reference that are equal, voxel sizes that no header gives.
 */
import type { Axis, Vec3 } from '../base/box.ts';
import { compareLabels, type Label } from '../base/label.ts';
import type { CaseOutcome, RunOutcome, ScoredCase } from '../base/scored.ts';

/** Names that a sentence lists. */
const mostNamed = 5;

/** Takes the cases in one by one; of a kind of them the number and the first are kept. */
export class Observations {
  readonly #outcome: Omit<RunOutcome, 'cases'>;
  readonly #names: readonly string[];
  readonly #kinds = new Map<string, Found>();
  #scored = 0;

  constructor(outcome: Omit<RunOutcome, 'cases'>) {
    this.#outcome = outcome;
    this.#names = outcome.classes.filter(({ labels }) => String(labels) !== '0').map(({ name }) => name);
  }

  add(entry: CaseOutcome): void {
    if (entry.status !== 'ok') return;
    this.#scored++;
    if (entry.unsizedAxes) this.#note(noVoxelSize, entry, assumedSizes(entry.unsizedAxes, entry.spacingMm));
    if (this.#outcome.scores === 'label') this.#addLabelMap(entry);
    else this.#addScores(entry);
  }

  #addLabelMap(entry: ScoredCase): void {
    const { reference, prediction, differs } = sidesOf(entry);
    if (reference.size === 0) return;
    if (prediction.size === 0) this.#note(noLabels, entry);
    else if (![...prediction].some((label) => reference.has(label))) {
      this.#note(nothingCommon, entry, `labels ${named(prediction)} against ${named(reference)}`);
    }
    if (!differs) this.#note(equalSides, entry);
  }

  #addScores(entry: ScoredCase): void {
    const sums = this.#names.map((name) => entry.classes[name]!);
    if (!sums.some(({ foreground }) => foreground > 0)) return;
    if (sums.every(({ tp, fp }) => tp === 0 && fp === 0)) this.#note(allZero, entry);
    else if (sums.every(({ hard }) => hard.tp + hard.fp === 0)) this.#note(nothingPredicted, entry);
    if (sums.every(({ fp, fn }) => fp === 0 && fn === 0)) this.#note(equalSides, entry);
  }

  #note(what: string, { id }: ScoredCase, detail = ''): void {
    const known = this.#kinds.get(what);
    if (known) known.cases++;
    else this.#kinds.set(what, { id, detail, cases: 1 });
  }

  /** One sentence per kind, with the number of its cases. */
  sentences(): string[] {
    const kinds = [noVoxelSize, noLabels, nothingCommon, allZero, nothingPredicted, equalSides];
    const ofCases = kinds.flatMap((what) => {
      const found = this.#kinds.get(what);
      return found ? [sentence(what, found, this.#scored)] : [];
    });
    return [...ofCases, ...emptyClasses(this.#outcome)];
  }
}

/** Cases of a kind: how many, and the first. */
interface Found {
  readonly id: string;
  readonly detail: string;
  cases: number;
}

const noVoxelSize =
  'the header of the reference gives no voxel size, so one is assumed, and all distances and volumes rest on it; write the size into the header';
const noLabels = 'the prediction holds no label but 0, and the reference does';
const nothingCommon =
  'prediction and reference have no label in common; check that they number the same structures alike';
const allZero = 'every score is 0, and the reference has foreground';
const nothingPredicted = 'no voxel is predicted to be foreground, and the reference has some';
const equalSides =
  'prediction and reference are equal at every voxel; check that the prediction is not a copy of the reference';

function assumedSizes(axes: readonly Axis[], spacingMm: Vec3): string {
  return `assumed: ${axes.map((axis) => `${'xyz'[axis]} ${spacingMm[axis]} mm`).join(', ')}`;
}

/** The labels of each side but 0, and whether they differ anywhere. */
function sidesOf({ multiclass }: ScoredCase) {
  const reference = new Set<Label>();
  const prediction = new Set<Label>();
  let differs = false;
  for (const [actual, predicted] of multiclass?.confusion ?? []) {
    if (actual !== 0) reference.add(actual);
    if (predicted !== 0) prediction.add(predicted);
    differs ||= actual !== predicted;
  }
  return { reference, prediction, differs };
}

/** Classes that no reference has a voxel of. */
function emptyClasses({ classes, pooled }: Omit<RunOutcome, 'cases'>): string[] {
  if (!pooled || classes.length < 2) return [];
  const empty = classes.filter(({ name }) => pooled.classes[name]!.foreground === 0);
  if (empty.length === 0) return [];
  const names = list(empty.map(({ name }) => name));
  return [`no reference has a voxel of the ${empty.length === 1 ? 'class' : 'classes'} ${names}`];
}

function sentence(what: string, { id, detail, cases }: Found, all: number): string {
  if (all === 1) return `case ${id}: ${what}${detail && ` (${detail})`}`;
  const example = `${cases === 1 ? '' : 'first: '}${id}${detail && `, ${detail}`}`;
  return `${cases} of ${all} cases: ${what} (${example})`;
}

function named(labels: ReadonlySet<Label>): string {
  return list([...labels].sort(compareLabels).map(String));
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ');
  return names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown;
}
