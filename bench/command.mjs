// The command that the rows time.
import { writeFileSync } from 'node:fs';

/** Arguments for node: scores probabilities on two threads, without borders and lesions. `keep`: of the shards. */
export function scoreArguments({ cli, manifest, out, losses, keep }) {
  return [
    ...[
      cli,
      'score',
      '--manifest',
      manifest,
      '--out',
      out,
      '--overwrite',
      '--quiet',
      '--scores',
      'probability',
    ],
    ...['--losses', losses, '--threads', '2', '--measures', 'overlap', '--keep-shards', keep],
  ];
}

/** Lists pairs of volumes as cases; returns the path. */
export function writeManifest(path, pairs) {
  const lines = pairs.map(({ prediction, reference }, i) => `case-${i},${prediction},${reference}`);
  writeFileSync(path, `case,prediction,reference\n${lines.join('\n')}\n`);
  return path;
}
