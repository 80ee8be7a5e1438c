import { csvRecord } from '../base/csv.ts';
import { hardMetricNames } from '../losses/metrics/hard.ts';
import type { CaseResult, ResultsDocument } from './document.ts';
import { shapeColumns } from './shapes/columns.ts';

const countColumns = ['tp', 'fp', 'fn', 'tn', 'voxels', 'foreground'] as const;
const softColumns = ['soft_tp', 'soft_fp', 'soft_fn'] as const;

/**
 * The text of `cases.csv`, a record a piece: a row for each case and class, and one for a case without a score, which
 * has its status and error. Metrics come first under their names, then borders and
 * lesions where they were asked for, each column naming its definition, then counts of voxels, soft sums, and losses under
 * their columns (`dice_loss`); multi-class losses, equal in all rows of a case, are under `multiclass_` and that. An
 * undefined value is an empty field.
 */
export function* casesCsv(document: ResultsDocument): Generator<string> {
  const ofScope = (scope: string) => document.losses.filter((loss) => loss.scope === scope);
  const classLosses = ofScope('class');
  const multiclassLosses = ofScope('multiclass');
  const shapes = shapeColumns(document);
  const valueColumns = [
    ...hardMetricNames,
    ...shapes.map(({ name }) => name),
    ...countColumns,
    ...softColumns,
    ...classLosses.map(({ column }) => column),
    ...multiclassLosses.map(({ column }) => `multiclass_${column}`),
  ];
  yield csvRecord(['case', 'group', 'status', 'class', ...valueColumns, 'error_code', 'error']);
  for (const entry of document.cases) yield* caseRecords(entry);

  function* caseRecords(entry: CaseResult): Generator<string> {
    const identity = [entry.id, entry.group, entry.status];
    if (entry.status !== 'ok') {
      const empty = Array<null>(1 + valueColumns.length).fill(null);
      yield csvRecord([...identity, ...empty, entry.error.code, entry.error.message]);
      return;
    }
    for (const { name } of document.classes) {
      const { metrics, voxels, foreground, soft, losses } = entry.classes[name]!;
      yield csvRecord([
        ...[...identity, name],
        ...hardMetricNames.map((metric) => metrics[metric]),
        ...shapes.map(({ value }) => value(entry.classes[name]!)),
        ...[metrics.tp, metrics.fp, metrics.fn, metrics.tn, voxels, foreground],
        ...[soft.tp, soft.fp, soft.fn],
        ...classLosses.map(({ id }) => losses[id]),
        ...multiclassLosses.map(({ id }) => entry.losses[id]),
        ...[null, null],
      ]);
    }
  }
}
