import { voxelCount } from '../base/box.ts';
import { VoxtallyError } from '../base/errors.ts';
import { formatSize } from '../base/size.ts';
import type { InspectReport } from '../run/inspect.ts';
import { inspectFile } from '../run/inspect.ts';
import { loadConfig } from '../settings/load-config.ts';
import { plainText } from './plain-text.ts';
import { printObject } from './print-object.ts';
import type { Terminal } from './terminal.ts';

/** `voxtally inspect`: a report a file; status 1 when some file could not be read, 2 when none could. */
export async function runInspect(
  files: readonly string[],
  source: Parameters<typeof loadConfig>[0],
  json: boolean,
  terminal: Terminal,
): Promise<number> {
  const config = loadConfig(source);
  const reports: unknown[] = [];
  let failed = 0;
  for (const file of files) {
    try {
      const report = await inspectFile(file, config);
      if (json) reports.push({ file, ...report });
      else terminal.out(`${inspectLines(report).join('\n')}\n\n`);
    } catch (error) {
      if (!(error instanceof VoxtallyError)) throw error;
      failed++;
      reports.push({ file, error: { code: error.code, message: error.message, ...error.place } });
      terminal.error(`voxtally: ${plainText(error.message)}\n`);
    }
  }
  if (json) printObject(terminal, 'inspect', { files: reports });
  return failed === 0 ? 0 : failed === files.length ? 2 : 1;
}

/** A report for people, a fact a line. */
export function inspectLines({ header, dataBytes, scores, note, tiles }: InspectReport): string[] {
  const row = (name: string, value: string) => `  ${name.padEnd(10)}${plainText(value)}`;
  const numbers = (values: readonly number[], join = ' ') =>
    values.map((value) => Number(value.toPrecision(7))).join(join);
  const scaling =
    header.slope === 1 && header.intercept === 0 ? '' : `, x ${header.slope} + ${header.intercept}`;
  const channels = header.channels === 1 ? '' : ` x ${header.channels} channels`;
  const rows = [0, 4, 8].map((at) => numbers(header.affine.slice(at, at + 4), '  '));
  const lines = [
    plainText(header.path),
    row(
      'format',
      `${header.format}${header.compressed ? ', gzip' : ''}, ${header.littleEndian ? 'little' : 'big'} endian`,
    ),
    row(
      'voxels',
      `[${header.shape.join(', ')}]${channels} of ${header.datatype}${scaling}: ${formatSize(dataBytes)}`,
    ),
    row('spacing', `${numbers(header.spacingMm, ' x ')} mm${assumed(header)}`),
    row('affine', `${rows[0]}   (${header.affineSource})`),
    ...rows.slice(1).map((line) => row('', line)),
    row('scores', scores === undefined ? `unclear: ${note}` : note.replace(/^scores: /, '') || scores),
  ];
  if (tiles) {
    const { shape, count, threadBytes, allowedBytes, threads } = tiles;
    const reading = header.compressed ? ', read as one stream or staged' : '';
    lines.push(
      row('tiles', `${count} of [${shape.join(', ')}] = ${voxelCount(shape)} voxels${reading}`),
      row(
        'memory',
        `${formatSize(threadBytes)} per thread of ${formatSize(allowedBytes)} allowed, ${threads} threads`,
      ),
    );
  }
  return lines;
}

function assumed({ unsizedAxes = [] }: InspectReport['header']): string {
  if (unsizedAxes.length === 0) return '';
  return ` (assumed along ${unsizedAxes.map((axis) => 'xyz'[axis]).join(', ')}: the header gives no size)`;
}
