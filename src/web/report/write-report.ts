/** `report.html` in the folder of a run that is over. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeText } from '../../base/write-whole.ts';
import { readResults } from '../../results/read.ts';
import { gatherCurves } from './curve-data.ts';
import { gatherLesions } from './lesions.ts';
import { renderReport } from './render-report.ts';
import { dataBytes, worstCases } from './report-data.ts';
import { readRunFacts } from './run-facts.ts';
import { gatherThumbnails } from './thumbnails.ts';

export const reportFiles = ['report.html', 'report-cases.html'] as const;

/** Values of cases that a report holds; what is beyond goes to a file beside it. */
const mostDataBytes = 2_000_000;
/** Where not all cases are listed: bytes for those that are, and their number. */
const listedBytes = 1_000_000;
const mostListed = 400;

/**
 * Writes `report.html`, under 3 MB, and `report-cases.html` with every case where that one cannot list all; gives the
 * path of the first.
 * @throws UsageError when the folder holds no results.
 */
export async function writeReport(outDir: string, signal?: AbortSignal): Promise<string> {
  const document = readResults(outDir);
  const facts = readRunFacts(join(outDir, 'run.json'));
  const curves = await gatherCurves(outDir, signal);
  const thumbnails = await gatherThumbnails(outDir, document, signal);
  const lesions = gatherLesions(outDir);
  const path = join(outDir, reportFiles[0]);
  const allCases = join(outDir, reportFiles[1]);
  if (dataBytes(document) <= mostDataBytes) {
    rmSync(allCases, { force: true });
    writeText(path, renderReport({ document, facts, curves, thumbnails, lesions }));
    return path;
  }
  const most = Math.floor((listedBytes * document.cases.length) / dataBytes(document));
  const listed = worstCases(document, Math.max(1, Math.min(mostListed, most)));
  writeText(allCases, renderReport({ document, facts, curves, thumbnails, lesions }));
  writeText(
    path,
    renderReport({ document, facts, curves, thumbnails, lesions, listed, allCases: reportFiles[1] }),
  );
  return path;
}
