import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { scriptJson } from '../../../src/web/report/shell.ts';
import { writeReport } from '../../../src/web/report/write-report.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { madeUpResults, writeResultsFolder } from './fixture.ts';

const at = temporaryFolder();

describe('writeReport', () => {
  test('1,000 cases of eight classes stay under 1.5 MB', async () => {
    writeResultsFolder(at('thousand'), madeUpResults(1000, 8));
    const path = await writeReport(at('thousand'));
    const text = readFileSync(path, 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThan(1_500_000);
    expect(existsSync(at('thousand', 'report-cases.html'))).toBe(false);
    expect(text.includes('case-00999')).toBe(true);
  });

  test('more cases go to a file beside it, which the report links', async () => {
    writeResultsFolder(at('many'), madeUpResults(6000, 2));
    const text = readFileSync(await writeReport(at('many')), 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThan(1_500_000);
    expect(text.includes('href="report-cases.html"')).toBe(true);
    const beside = readFileSync(at('many', 'report-cases.html'), 'utf8');
    for (const id of ['case-00000', 'case-05998']) expect(beside.includes(`"${id}"`)).toBe(true);
    const listed = JSON.parse(/id="report-data">(.*?)<\/script>/s.exec(text)![1]!) as {
      cases: { id: string }[];
      total: number;
    };
    expect(listed.total).toBe(6000);
    expect(listed.cases.length).toBeGreaterThan(100);
    expect(listed.cases.length).toBeLessThanOrEqual(400);
  });

  test('many classes stay under 1.5 MB too', async () => {
    writeResultsFolder(at('organs'), madeUpResults(130, 80));
    const text = readFileSync(await writeReport(at('organs')), 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThan(1_500_000);
    expect(text.includes('href="report-cases.html"')).toBe(true);
    expect(text.includes('organ 79')).toBe(true);
  });

  test('the same run gives the same bytes', async () => {
    writeResultsFolder(at('again'), madeUpResults(20));
    const read = async () => readFileSync(await writeReport(at('again')), 'utf8');
    expect(await read()).toBe(await read());
  });

  test('without shards there is a sentence in place of the curves', async () => {
    writeResultsFolder(at('bare'), madeUpResults(4));
    const text = readFileSync(await writeReport(at('bare')), 'utf8');
    expect(text.includes('The curves could not be computed')).toBe(true);
    expect(text.includes('id="curve-plots"')).toBe(false);
  });

  test('a folder without results, or with others, is refused by name', async () => {
    await expect(writeReport(at('nowhere'))).rejects.toThrow(/nowhere: holds no results.json/);
    writeResultsFolder(at('other'), madeUpResults(4));
    writeFileSync(at('other', 'results.json'), '{"version":1}');
    await expect(writeReport(at('other'))).rejects.toThrow(/version 1 of its layout/);
    writeFileSync(at('other', 'results.json'), '{"vers');
    await expect(writeReport(at('other'))).rejects.toThrow(/is not JSON/);
  });

  test('JSON in a script element cannot end it', () => {
    const text = scriptJson({ id: '</script><!--\u2028' });
    expect(text).not.toMatch(/[<\u2028]/);
    expect(JSON.parse(text)).toEqual({ id: '</script><!--\u2028' });
  });
});
