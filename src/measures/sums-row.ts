/** Rows whose partials are small sums that are added: they leave no work, and their value is their sum. */
import type * as z from 'zod';
import { PartialError } from '../base/errors.ts';
import type { RunSettings } from '../settings/run-settings.ts';
import type { Quantity } from './quantity.ts';

/** A commutative monoid and its JSON. */
export interface SumsRow<Sums> extends Quantity<never, never, Sums> {
  empty(settings: RunSettings): Sums;
  add(a: Sums, b: Sums): Sums;
  readonly partial: z.ZodType<Sums>;
  /** Refuses what must not be of a whole case. @throws InputError */
  check?(sums: Sums): void;
}

export function sumsRow<Sums>(
  row: Pick<SumsRow<Sums>, 'id' | 'needs' | 'meter' | 'empty' | 'add' | 'partial' | 'check'>,
): SumsRow<Sums> {
  return {
    ...row,
    collect({ settings }) {
      let sums = row.empty(settings);
      return {
        add(_box, { json, file }) {
          const part = row.partial.safeParse(json);
          if (!part.success) throw notSums(row.id, file.path);
          sums = row.add(sums, part.data);
        },
        done() {
          row.check?.(sums);
          return { collected: sums, jobs: [] };
        },
      };
    },
    finish: (collected) => collected as Sums,
  };
}

function notSums(id: string, file: string): PartialError {
  return new PartialError('partial-of-another', `${file} has no ${id} as expected`, {
    file,
  });
}
