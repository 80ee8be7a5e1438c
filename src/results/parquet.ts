import { parquetWriteBuffer } from 'hyparquet-writer';
import type { ResultsDocument } from './document.ts';

/** A value of one case; `class` is null for losses over the classes. Cases without a score have one row of nulls. */
interface Row {
  readonly case: string;
  readonly group: string | null;
  readonly status: string;
  readonly class: string | null;
  readonly loss: string | null;
  readonly value: number | null;
}

/** The bytes of `results.parquet`: a row for each case, class and loss, in the order of results.json. */
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
      text('loss', true),
      { name: 'value', data: rows.map(({ value }) => value), type: 'DOUBLE', nullable: true },
    ],
  });
  return new Uint8Array(buffer);
}

function* rowsOf({ cases, classes, losses }: ResultsDocument): Generator<Row> {
  const ofScope = (scope: string) => losses.filter((loss) => loss.scope === scope).map(({ id }) => id);
  const [classLosses, multiclassLosses] = [ofScope('class'), ofScope('multiclass')];
  for (const entry of cases) {
    const named = { case: entry.id, group: entry.group ?? null, status: entry.status };
    if (entry.status !== 'ok') {
      yield { ...named, class: null, loss: null, value: null };
      continue;
    }
    for (const { name } of classes) {
      for (const loss of classLosses)
        yield { ...named, class: name, loss, value: entry.classes[name]!.losses[loss]! };
    }
    for (const loss of multiclassLosses) {
      yield { ...named, class: null, loss, value: entry.losses[loss]! };
    }
  }
}
