/** Names of labels, from the files that segmentation programs keep them in. */
import * as z from 'zod';
import { UsageError } from '../base/errors.ts';
import { readTable } from '../cases/read-table.ts';
import { readText } from '../cases/read-text.ts';

/** Settings that a file of names gives. */
export interface NamedLabels {
  /** Of nnU-Net's dataset.json: its labels and regions, without the background. */
  readonly classes?: Readonly<Record<string, readonly number[]>>;
  readonly ignoreLabel?: number;
  /** Of tables of many labels, of which only those that occur are classes: names by label. */
  readonly labelNames?: Readonly<Record<string, string>>;
}

const label = z.int().min(0);
/** `labels` as nnU-Net v2 writes it, by name, and as v1 did, by label. */
const newLabels = z.record(z.string(), z.union([label, z.array(label).min(1)]));
const oldLabels = z.record(z.string().regex(/^\d+$/), z.string().min(1));
const dataset = z.object({ labels: z.union([oldLabels, newLabels]) });

const what = 'file of label names';
const formats =
  "nnU-Net's dataset.json, label descriptions of ITK-SNAP, color tables of 3D Slicer (.ctbl, .txt), a dseg.tsv of BIDS, and FreeSurfer's color LUT";

/** @throws UsageError for a file that is none of the formats. */
export function readLabelNames(path: string): NamedLabels {
  const text = readText(path, what);
  if (text.trimStart().startsWith('{')) return fromDataset(path, text);
  const rows = tableRows(path, text) ?? lineRows(text);
  if (rows.length === 0) {
    throw fault(path, `holds no label with a name; readable are ${formats}`);
  }
  return { labelNames: uniqueNames(rows) };
}

function fromDataset(path: string, text: string): NamedLabels {
  const parsed = dataset.safeParse(json(path, text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw fault(
      path,
      `${issue!.path.join('.') || 'labels'}: is not as in nnU-Net's dataset.json, "labels": {"background": 0, "tumour": 1}`,
    );
  }
  const { labels } = parsed.data;
  const named = Object.entries(labels).map(([key, value]): [string, readonly number[]] =>
    typeof value === 'string' ? [value, [Number(key)]] : [key, [value].flat()],
  );
  const ignored = named.find(([name]) => name === 'ignore');
  const classes = named.filter(([name, of]) => name !== 'ignore' && !(of.length === 1 && of[0] === 0));
  if (classes.length === 0) throw fault(path, 'names no label but the background');
  return {
    classes: Object.fromEntries(classes),
    ...(ignored === undefined ? {} : { ignoreLabel: ignored[1][0]! }),
  };
}

function json(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fault(path, `is not whole JSON (${(cause as Error).message})`);
  }
}

type NamedLabel = readonly [label: number, name: string];

/** BIDS: a table with the columns index and name. Undefined for other files. */
function tableRows(path: string, text: string): NamedLabel[] | undefined {
  if (!/^\s*"?index"?\s*[\t,;]|[\t,;]\s*"?index"?\s*[\t,;\r\n]/.test(text.slice(0, 1000))) return undefined;
  const columns = ['index', 'name'];
  const [header, ...rows] = readTable(path, what, columns);
  const [index, name] = columns.map((column) => header!.cells.indexOf(column));
  if (name === -1) throw fault(path, `line ${header!.line}: column name is missing`);
  return rows.map(({ line, cells }) => {
    const value = Number(cells[index!] || Number.NaN);
    if (Number.isSafeInteger(value) && value >= 0 && cells[name!]) return [value, cells[name!]!];
    throw fault(path, `line ${line}: must hold an index of at least 0 and a name`);
  });
}

/** ITK-SNAP: `label r g b opacity visible mesh "name"`; 3D Slicer and FreeSurfer: `label name r g b a`. */
function lineRows(text: string): NamedLabel[] {
  return text.split(/\r\n|\r|\n/).flatMap((line): NamedLabel[] => {
    const snap = /^\s*(\d+)(?:\s+[\d.]+){6}\s+"(.*)"\s*$/.exec(line);
    const colours = /^\s*(\d+)\s+(\S.*?)(?:\s+\d+){4}\s*$/.exec(line);
    const found = snap ?? colours;
    return found ? [[Number(found[1]), found[2]!.trim()]] : [];
  });
}

/** Without the background; a name that several labels have, or that is another label's number, gets its label. */
function uniqueNames(rows: readonly NamedLabel[]): Record<string, string> {
  const names = new Map(rows.filter(([value, name]) => value !== 0 && name !== ''));
  const counts = new Map<string, number>();
  for (const name of names.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(
    [...names].map(([value, name]) => {
      const isClear = counts.get(name) === 1 && !(/^\d+$/.test(name) && name !== String(value));
      return [String(value), isClear ? name : `${name} (${value})`];
    }),
  );
}

function fault(path: string, message: string): UsageError {
  return new UsageError('label-names', `${path}: ${message}`, { file: path, field: 'labelNames' });
}
