import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The files of a small input that was once scored wrong or told badly: one prediction and one reference. */
export function sharedCase(name: string): { prediction: string; reference: string } {
  const folder = fileURLToPath(new URL(`../cases/${name}`, import.meta.url));
  const paths = { prediction: `${folder}/preds/a.nii.gz`, reference: `${folder}/refs/a.nii.gz` };
  for (const path of Object.values(paths)) if (!existsSync(path)) throw new Error(`${path} is missing`);
  return paths;
}
