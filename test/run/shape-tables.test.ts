/** Borders and lesions as tables: Parquet holds what CSV holds, and CSV what results.json holds. */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { beforeAll, expect, test } from 'vitest';
import type { ResultsDocument } from '../../src/results/document.ts';
import { golden } from '../support/golden.ts';
import { pair, score, scored } from '../support/score.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = temporaryFolder();
const ids = ['labels', 'lesions_aniso', 'empty_prediction', 'empty_both'];
const packed = (id: string) => (id === 'labels' ? '.nii.gz' : '.nii');
let results: ResultsDocument;

beforeAll(async () => {
  const cases = ids.map((id) =>
    pair(id, golden(`shapes/${id}${packed(id)}`), golden(`shapes/${id}_ref${packed(id)}`)),
  );
  ({ results } = await score(
    cases,
    {
      measures: ['overlap', 'boundary', 'lesions'],
      scores: 'label',
      format: ['json', 'parquet'],
      percentiles: [95, 99],
      nsdTolerancesMm: [0.5, 2],
      lesionPreset: 'brats-met',
    },
    folder('run'),
  ));
});

const csvOf = (name: string) =>
  parse(readFileSync(folder(`run/${name}`)), { columns: true }) as Record<string, string>[];

async function parquetOf(name: string) {
  const bytes = readFileSync(folder(`run/${name}`));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const columns = parquetMetadata(file)
    .schema.slice(1)
    .map((column) => column.name);
  return { columns, rows: await parquetReadObjects({ file }) };
}

/** A value as CSV has it. */
const text = (value: unknown) => (value === null || value === undefined ? '' : String(value));

test('lesions.parquet has the columns and the rows of lesions.csv', async () => {
  const csv = csvOf('lesions.csv');
  const { columns, rows } = await parquetOf('lesions.parquet');
  expect(columns).toEqual(Object.keys(csv[0]!));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.map((row) => Object.fromEntries(columns.map((name) => [name, text(row[name])])))).toEqual(csv);
  expect(new Set(csv.map(({ status }) => status))).toEqual(
    new Set(['found', 'missed', 'matched', 'invented']),
  );
});

test('results.parquet has the measures of shapes that cases.csv has, and results.json their values', async () => {
  const { rows } = await parquetOf('results.parquet');
  const shapes = rows.filter(({ kind }) => kind === 'shape');
  const measures = [...new Set(shapes.map(({ measure }) => String(measure)))];
  expect(measures).toEqual([
    'hd95_directed_mm',
    'hd95_area_mm',
    'hd99_directed_mm',
    'hd99_area_mm',
    'nsd_surfel_0.5mm',
    'nsd_surfel_2mm',
    'assd_voxel_mm',
    'lesion_sensitivity_c26',
    'lesion_precision_c26',
    'lesion_dice_brats_met',
    'lesion_hd95_brats_met_mm',
  ]);
  const csv = csvOf('cases.csv').filter((row) => row.class !== '');
  expect(shapes.length).toBe(measures.length * csv.length);
  for (const row of csv) {
    const own = shapes.filter((each) => each.case === row.case && each.class === row.class);
    for (const { measure, value } of own) expect(text(value), `${measure}`).toBe(row[String(measure)]);
    const { boundary, lesions } = scored(results.cases.find(({ id }) => id === row.case)).classes[
      row.class!
    ]!;
    if (!boundary || !('voxel' in boundary)) throw new Error('no boundary');
    expect(row.hd99_directed_mm).toBe(text(boundary.voxel.hd99!.directed));
    expect(row.hd95_area_mm).toBe(text(boundary.surfel.hd95!.area));
    expect(row['nsd_surfel_0.5mm']).toBe(text(boundary.surfel.nsd['0.5']!.nsd));
    expect(row.assd_voxel_mm).toBe(text(boundary.voxel.assd));
    expect(row.lesion_precision_c26).toBe(text(lesions!.detection.precision));
    expect(row.lesion_hd95_brats_met_mm).toBe(text(lesions!.brats!.hd95));
  }
});
