/** Curves as one CSV table: one row per point or bin, columns that a kind does not have are empty. */
import { csvRecord } from '../../base/csv.ts';
import type { ClassCurves, CurvePoint } from './types.ts';

const columns = [
  'kind',
  'class',
  'case',
  'score',
  'probability',
  'tp',
  'fp',
  'fpr',
  'tpr',
  'recall',
  'precision',
  'dice',
  'jaccard',
  'best',
  'low',
  'high',
  'voxels',
  'foreground',
  'meanProbability',
  'fraction',
] as const;

type Row = Partial<Record<(typeof columns)[number], string | number | null>>;

/** The text of the table, a record a piece. Pooled curves have no case. `best` is 1 in the row of the best threshold. */
export function* curvesCsv(all: readonly ClassCurves[]): Generator<string> {
  yield csvRecord(columns);
  for (const curves of all) {
    for (const row of rowsOf(curves)) {
      const full: Row = { ...row, class: curves.class, case: curves.case };
      yield csvRecord(columns.map((column) => full[column]));
    }
  }
}

function* rowsOf({ roc, pr, threshold, calibration }: ClassCurves): Generator<Row> {
  const rows = (kind: string, points: readonly CurvePoint[]) => points.map((point) => ({ kind, ...point }));
  yield* rows('roc', roc?.points ?? []);
  yield* rows('pr', pr?.points ?? []);
  for (const row of rows('threshold', threshold?.points ?? [])) {
    yield row.score === threshold?.best?.score ? { ...row, best: 1 } : row;
  }
  for (const bin of calibration?.bins ?? []) yield { kind: 'calibration', ...bin };
}
