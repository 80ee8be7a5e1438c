/** docs/errors.md, made from the table of codes: `npm run errors` writes it. */
import { inputCodes, machineCodes, partialCodes, usageCodes } from '../base/error-codes.ts';

const parts = [
  {
    title: 'InputError',
    about:
      "A fault of one case's files. It costs that case, is not tried again, and the run goes on (exit status 1).",
    codes: inputCodes,
  },
  {
    title: 'UsageError',
    about: 'The command, its settings or its lists are wrong. Nothing was scored (exit status 2).',
    codes: usageCodes,
  },
  {
    title: 'MachineError',
    about:
      'The machine, its storage, its memory or the queue failed. Worth another try: `--resume` goes on with the run. ' +
      '`defect` is a `DefectError`: a fault of the program, which ends the run at once.',
    codes: machineCodes,
  },
  {
    title: 'PartialError',
    about:
      'A stored partial result is torn, corrupt or of another run. It is never believed: a run makes it again. A question to a ' +
      'finished run makes nothing and stops; its message says whether `--resume` is enough to make it again, or `--overwrite` is needed.',
    codes: partialCodes,
  },
] as const;

export function errorPage(): string {
  const sections = parts.map(({ title, about, codes }) => {
    const rows = Object.entries(codes).map(([code, [meaning, remedy, page]]) => [
      `\`${code}\``,
      meaning,
      remedy,
      `[${nameOf(page)}](${page})`,
    ]);
    const table = alignedTable(['code', 'meaning', 'what to do', 'page'], rows);
    return `## ${title}\n\n${about}\n\n${table}`;
  });
  return `# Errors

Every error has a code that stays the same from version to version; \`results.json\`, the log and
[the library](library.md#errors) give it. Its message says more: the case, the file, the field or voxel, and what to do.
Several classes may use one code: its section is that of the class that uses it most.

${sections.join('\n\n')}
`;
}

/** The name of a page in a link: `../README.md#pages` is README. */
function nameOf(page: string): string {
  return /([^/]+)\.\w+(#.*)?$/.exec(page)![1]!;
}

/** A table whose columns are of one width, as the formatter of this repository writes them. */
function alignedTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
