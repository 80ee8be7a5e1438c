import { parquetWriteBuffer } from 'hyparquet-writer';
import { hardMetricNames } from '../losses/metrics/hard.ts';
import type { ResultsDocument } from './document.ts';
import { shapeColumns } from './shapes/columns.ts';

/** A value of one case; `class` is null for losses over the classes. A case without a score has one row without any. */
interface Row {
  readonly case: string;
  readonly group: string | null;
  readonly status: string;
  readonly class: string | null;
  /** `metric`, `shape` (borders and lesions) or `loss`; null without a score. */
  readonly kind: 'metric' | 'shape' | 'loss' | null;
  /** As in `cases.csv`: `dice`, `dice_loss`. */
  readonly measure: string | null;
  readonly value: number | null;
}

/** The bytes of `results.parquet`: a row for each case, class and metric or loss, in the order of results.json. */
export function resultsParquet(document: ResultsDocument): Uint8Array {
  const rows = [...rowsOf(document)];
  const text = (name: Exclude<keyof Row, 'value'>, nullable: boolean) => ({
    name,
    data: rows.map((row) => row[name]),
    type: 'STRING' as const,
    nullable,
  });
  const buffer = parquetWriteBuffer({
    columnData: [
      text('case', false),
      text('group', true),
      text('status', false),
      text('class', true),
      text('kind', true),
      text('measure', true),
      { name: 'value', data: rows.map(({ value }) => value), type: 'DOUBLE', nullable: true },
    ],
  });
  return new Uint8Array(buffer);
}

function* rowsOf(document: ResultsDocument): Generator<Row> {
  const { cases, classes, losses } = document;
  const columns = shapeColumns(document);
  const ofScope = (scope: string) => losses.filter((loss) => loss.scope === scope);
  const [classLosses, multiclassLosses] = [ofScope('class'), ofScope('multiclass')];
  for (const entry of cases) {
    const ofCase = { case: entry.id, group: entry.group ?? null, status: entry.status };
    if (entry.status !== 'ok') {
      yield { ...ofCase, class: null, kind: null, measure: null, value: null };
      continue;
    }
    for (const { name } of classes) {
      const result = entry.classes[name]!;
      const ofClass = { ...ofCase, class: name };
      for (const measure of hardMetricNames)
        yield { ...ofClass, kind: 'metric', measure, value: result.metrics[measure] };
      for (const { name: measure, value } of columns)
        yield { ...ofClass, kind: 'shape', measure, value: value(result) };
      for (const { id, column } of classLosses)
        yield { ...ofClass, kind: 'loss', measure: column, value: result.losses[id]! };
    }
    for (const { id, column } of multiclassLosses)
      yield { ...ofCase, class: null, kind: 'loss', measure: column, value: entry.losses[id]! };
  }
}
