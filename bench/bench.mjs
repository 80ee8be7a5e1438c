// The benchmark: whole processes, two things in turn, medians and their ratio. README.md has the rows and their peers.
//
//   npm run bench                        all rows; 512³ and 1024³ pairs take 9 GB of disk, deleted afterwards
//   npm run bench -- --only losses,cat   some of them
//   npm run bench -- --plan              no benchmark but a forecast: 10^12 voxels in 10,000 cases on 8 machines
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { boundaryRows } from './boundaries.mjs';
import { labelMapRows } from './label-maps.mjs';
import { largePairRows } from './large-pairs.mjs';
import { measureParts, printPlan } from './plan.mjs';
import { queueRows } from './queue.mjs';
import { caseRows } from './small-cases.mjs';

const { small, voxel, many, start } = caseRows;
const { losses, lovasz, cat, gzip, memory } = largePairRows;

/** In the order in which they run, which is that of the table of README.md. Each is given the options below. */
const rows = {
  ...{ small, voxel, ...queueRows, many, losses, lovasz, cat, gzip, ...labelMapRows, start, memory },
  ...boundaryRows,
};

const usage = `Usage: npm run bench -- [options]

  --only <rows>      some rows: ${Object.keys(rows).join(', ')}
  --runs <n>         of each thing that is measured, after a warm-up; by default 5
  --size <n>         of the large pairs, n³ voxels; by default 512
  --cases <n>        of the row many; by default 3000
  --scale <factor>   of the sides of label maps and masks; by default 1
  --python <path>    interpreter that has the peers; by default python3
  --folder <path>    keep the volumes there, for the next time; by default a temporary folder
  --plan             forecast of 10^12 voxels on 8 machines, in place of the rows
`;

class BadOption extends Error {}

function readOptions() {
  const text = (fallback) => ({ type: 'string', ...(fallback === undefined ? {} : { default: fallback }) });
  const { values } = parseArgs({
    options: {
      ...{ only: text(), folder: text(), python: text('python3') },
      ...{ runs: text('5'), size: text('512'), cases: text('3000'), scale: text('1') },
      plan: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const number = (name, isWhole = true) => {
    const value = Number(values[name]);
    if (value > 0 && Number.isFinite(value) && (!isWhole || Number.isInteger(value))) return value;
    throw new BadOption(`--${name}: must be a ${isWhole ? 'whole ' : ''}number above 0, not ${values[name]}`);
  };
  const only = (values.only?.split(',') ?? Object.keys(rows)).map((name) => name.trim());
  const unknown = only.filter((name) => !Object.hasOwn(rows, name));
  if (unknown.length > 0) {
    throw new BadOption(
      `--only: no such row: ${unknown.map((name) => `"${name}"`).join(', ')}; rows are ${Object.keys(rows).join(', ')}`,
    );
  }
  return {
    ...values,
    only,
    ...{ runs: number('runs'), size: number('size'), cases: number('cases'), scale: number('scale', false) },
  };
}

function optionsOrExit() {
  try {
    return readOptions();
  } catch (error) {
    const isBad = error instanceof BadOption || String(error.code).startsWith('ERR_PARSE_ARGS');
    if (!isBad) throw error;
    console.error(`bench: ${error.message}`);
    process.exit(2);
  }
}

const options = optionsOrExit();
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'voxtally-bench-'));
mkdirSync(folder, { recursive: true });
const cli = fileURLToPath(new URL('../dist/bin/main.js', import.meta.url));
try {
  if (options.plan) printPlan(await measureParts(folder, cli));
  else {
    for (const [name, row] of Object.entries(rows)) {
      if (!options.only.includes(name)) continue;
      try {
        await row({ ...options, folder, cli });
      } catch (error) {
        console.error(`row ${name} failed:`, error);
        process.exitCode = 1;
      }
    }
  }
} finally {
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
