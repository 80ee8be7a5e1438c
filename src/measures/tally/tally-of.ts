/** The tally of a tile or a case from the values of the rows that it is made of; a row that a run does not need adds nothing. */
import type { RunSettings } from '../../settings/run-settings.ts';
import { type ClassOverlap, emptyTally, type GateTally, type Tally, type TermSum } from './tally.ts';

/** Values of rows by their ids. */
export type RowValues = Readonly<Record<string, unknown>>;

export function tallyOf(settings: RunSettings, gate: GateTally, values: RowValues): Tally {
  const empty = emptyTally(settings.classes.length, settings.terms.length);
  const overlap = values.overlap as readonly ClassOverlap[] | undefined;
  const terms = values.terms as readonly (readonly TermSum[])[] | undefined;
  return {
    ...empty,
    ...gate,
    classes: empty.classes.map((own, index) => ({
      ...own,
      ...overlap?.[index],
      terms: terms?.[index] ?? own.terms,
    })),
    crossEntropy: (values['cross-entropy'] as Tally['crossEntropy'] | undefined) ?? empty.crossEntropy,
    confusion: (values.confusion as Tally['confusion'] | undefined) ?? empty.confusion,
  };
}
