import { UsageError } from '../base/errors.ts';
import { writeText } from '../base/write-whole.ts';
import { openFinishedRun } from '../questions/ask/finished-run.ts';
import { curvesCsv } from '../questions/curves/csv.ts';
import { curves } from '../questions/curves/curves.ts';
import { type ClassCurves, type CurveKind, curveKinds } from '../questions/curves/types.ts';
import { interruptedStatus } from './interrupt.ts';
import { plainText } from './plain-text.ts';
import { printObject } from './print-object.ts';
import { interrupting } from './run-ask.ts';
import type { Terminal } from './terminal.ts';

export interface CurveFlags {
  readonly class?: string;
  readonly case?: string;
  readonly kind: string;
  readonly points: string;
  readonly bins: string;
  readonly threads?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export async function runCurve(folder: string, flags: CurveFlags, terminal: Terminal): Promise<number> {
  const run = openFinishedRun(folder);
  const names = flags.class === undefined ? run.settings.classes.map(({ name }) => name) : [flags.class];
  // A run of label maps may name no class; the curves say what is missing.
  if (names.length === 0) names.push('');
  const options = {
    kinds: parseKinds(flags.kind),
    maxPoints: Number(flags.points),
    bins: Number(flags.bins),
    ...(flags.case === undefined ? {} : { case: flags.case }),
  };
  const all = await interrupting(terminal, flags.threads, (threads) =>
    curves(run, { ...options, ...threads, classes: names }),
  );
  if (all === undefined) return interruptedStatus;
  if (flags.out !== undefined) writeText(flags.out, [...curvesCsv(all)].join(''));
  if (flags.json) printObject(terminal, 'curve', { curves: all });
  else {
    for (const entry of all) terminal.out(`${plainText(curveLines(entry).join('\n'))}\n`);
    if (flags.out !== undefined) terminal.out(`\nPoints written to ${flags.out}.\n`);
  }
  return 0;
}

function parseKinds(text: string): CurveKind[] {
  return text.split(',').map((part) => {
    const kind = curveKinds.find((known) => known === part.trim());
    if (kind) return kind;
    throw new UsageError('curve-kind', `--kind: "${part.trim()}" is not one of ${curveKinds.join(', ')}`, {
      field: 'kind',
    });
  });
}

/** The values of the curves for people. */
export function curveLines(found: ClassCurves): string[] {
  const { roc, pr, threshold, calibration } = found;
  const whose = found.case === null ? `${found.cases} cases pooled` : `case ${found.case}`;
  const row = (name: string, value: string) => `  ${name.padEnd(26)}${value}`;
  const best = threshold?.best;
  const at = best && best.threshold !== null ? `, by --threshold ${best.threshold}` : '';
  return [
    `${found.class}, ${whose}: ${found.voxels} voxels, ${found.positives} of them foreground`,
    ...(roc ? [row('area under the ROC curve', figure(roc.auc))] : []),
    ...(pr ? [row('average precision', figure(pr.averagePrecision))] : []),
    ...(threshold
      ? [
          row(
            'best Dice',
            best
              ? `${figure(best.dice)} (Jaccard ${figure(best.jaccard)}) from score ${best.score}${at}`
              : '-',
          ),
        ]
      : []),
    ...(calibration
      ? [
          row('calibration error (ECE)', figure(calibration.ece)),
          row('Brier score', figure(calibration.brier)),
        ]
      : []),
  ];
}

function figure(value: number | null): string {
  return value === null ? '-' : value.toPrecision(8);
}
