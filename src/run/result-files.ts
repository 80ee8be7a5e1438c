/** The result files that a run may leave in `--out`; those that were not asked for are not there. */
export const resultFiles = [
  'results.json',
  'cases.csv',
  'summary.json',
  'results.parquet',
  'lesions.csv',
  'lesions.parquet',
  'audit.json',
  'run.json',
] as const;

/** The run on the queue whose results the folder has, or will have. */
export const runIdFile = 'run-id.txt';
