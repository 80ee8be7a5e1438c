import { csvRecord } from '../base/csv.ts';
import { hardMetricNames } from '../losses/metrics/hard.ts';
import type { CaseResult, ResultsDocument } from './document.ts';

const hardColumns = ['tp', 'fp', 'fn', 'tn', ...hardMetricNames] as const;

/**
 * The text of `cases.csv`, a record a piece: a row for each case and class, and one for a case without a score, which
 * has its status and error. Losses stand under their ids, hard metrics under `hard_`, multi-class losses, equal in all
 * rows of a case, under `multiclass_`. An undefined value is an empty field.
 */
export function* casesCsv(document: ResultsDocument): Generator<string> {
  const ids = (scope: string) =>
    document.losses.filter((loss) => loss.scope === scope).map((loss) => loss.id);
  const classIds = ids('class');
  const multiclassIds = ids('multiclass');
  yield csvRecord([
    ...['case', 'group', 'status', 'class', 'voxels', 'foreground', 'tp', 'fp', 'fn'],
    ...classIds,
    ...hardColumns.map((name) => `hard_${name}`),
    ...multiclassIds.map((id) => `multiclass_${id}`),
    ...['error_code', 'error'],
  ]);
  const valueColumns = 6 + classIds.length + hardColumns.length + multiclassIds.length;
  for (const entry of document.cases) yield* caseRecords(entry);

  function* caseRecords(entry: CaseResult): Generator<string> {
    const identity = [entry.id, entry.group, entry.status];
    if (entry.status !== 'ok') {
      const empty = Array<null>(valueColumns).fill(null);
      yield csvRecord([...identity, ...empty, entry.error.code, entry.error.message]);
      return;
    }
    for (const { name } of document.classes) {
      const result = entry.classes[name]!;
      yield csvRecord([
        ...identity,
        ...[name, result.voxels, result.foreground, result.tp, result.fp, result.fn],
        ...classIds.map((id) => result.losses[id]),
        ...hardColumns.map((column) => result.hard[column]),
        ...multiclassIds.map((id) => entry.losses[id]),
        ...[null, null],
      ]);
    }
  }
}
