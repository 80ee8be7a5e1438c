/**
 * What a user would want to be told of results that are right and yet may not be what was meant: predictions without a
 * foreground voxel, labels that no reference has, prediction and reference that are equal.
 */
import { compareLabels, type Label } from '../base/label.ts';
import type { RunOutcome, ScoredCase } from '../base/scored.ts';

/** Names that a sentence lists. */
const mostNamed = 5;

/** One sentence per kind, with the number of its cases. */
export function observationsOf(outcome: RunOutcome): string[] {
  const cases = outcome.cases.filter((entry): entry is ScoredCase => entry.status === 'ok');
  const ofCases = outcome.scores === 'label' ? ofLabelMaps(cases) : ofScores(outcome, cases);
  return [...ofCases, ...emptyClasses(outcome)];
}

const equalSides =
  'prediction and reference are equal at every voxel; check that the prediction is not a copy of the reference';

function ofLabelMaps(cases: readonly ScoredCase[]): string[] {
  const seen = cases.map((entry) => ({ id: entry.id, ...sidesOf(entry) }));
  const empty = seen.filter(({ reference, prediction }) => reference.size > 0 && prediction.size === 0);
  const apart = seen.filter(
    ({ reference, prediction }) =>
      reference.size > 0 && prediction.size > 0 && ![...prediction].some((label) => reference.has(label)),
  );
  const equal = seen.filter(({ reference, differs }) => reference.size > 0 && !differs);
  return [
    ...sentence(empty, cases, 'the prediction holds no label but 0, and the reference does'),
    ...sentence(
      apart,
      cases,
      'prediction and reference have no label in common; check that they number the same structures alike',
      ({ reference, prediction }) => `labels ${named(prediction)} against ${named(reference)}`,
    ),
    ...sentence(equal, cases, equalSides),
  ];
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

function ofScores({ classes }: RunOutcome, cases: readonly ScoredCase[]): string[] {
  const names = classes.filter(({ labels }) => String(labels) !== '0').map(({ name }) => name);
  const seen = cases
    .map(({ id, classes: measured }) => ({ id, sums: names.map((name) => measured[name]!) }))
    .filter(({ sums }) => sums.some(({ foreground }) => foreground > 0));
  const zero = seen.filter(({ sums }) => sums.every(({ tp, fp }) => tp === 0 && fp === 0));
  const nothing = seen.filter(
    (entry) => !zero.includes(entry) && entry.sums.every(({ hard }) => hard.tp + hard.fp === 0),
  );
  const equal = seen.filter(({ sums }) => sums.every(({ fp, fn }) => fp === 0 && fn === 0));
  return [
    ...sentence(zero, cases, 'every score is 0, and the reference has foreground'),
    ...sentence(nothing, cases, 'no voxel is predicted to be foreground, and the reference has some'),
    ...sentence(equal, cases, equalSides),
  ];
}

/** Classes that no reference has a voxel of. */
function emptyClasses({ classes, pooled }: RunOutcome): string[] {
  if (!pooled || classes.length < 2) return [];
  const empty = classes.filter(({ name }) => pooled.classes[name]!.foreground === 0);
  if (empty.length === 0) return [];
  const names = list(empty.map(({ name }) => name));
  return [`no reference has a voxel of the ${empty.length === 1 ? 'class' : 'classes'} ${names}`];
}

function sentence<Case extends { readonly id: string }>(
  found: readonly Case[],
  all: readonly ScoredCase[],
  what: string,
  detail: (entry: Case) => string = () => '',
): string[] {
  const [first] = found;
  if (!first) return [];
  const more = detail(first);
  if (all.length === 1) return [`case ${first.id}: ${what}${more && ` (${more})`}`];
  const example = `${found.length === 1 ? '' : 'first: '}${first.id}${more && `, ${more}`}`;
  return [`${found.length} of ${all.length} cases: ${what} (${example})`];
}

function named(labels: ReadonlySet<Label>): string {
  return list([...labels].sort(compareLabels).map(String));
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ');
  return names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown;
}
