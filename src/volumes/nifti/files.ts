import { stat } from 'node:fs/promises';
import { inputFault, storageFault } from '../faults.ts';

/** Names of pair members, so that `a.hdr`, `a.img.gz` or `A.IMG` each lead to the other member. */
const member = /\.(hdr|img)(\.gz)?$/i;

/** The file that holds the header when `path` is named: itself, or the `.hdr` beside a named `.img`. */
export async function headerFileOf(path: string): Promise<string> {
  if (member.exec(path)?.[1]?.toLowerCase() !== 'img') return path;
  await mustExist(path);
  return partnerOf(path, 'hdr');
}

/**
 * The file that holds the voxels of a pair whose header is `headerPath`.
 * A pair's header under another name (`.nii` with the magic of a pair) looks for `.img` on the same stem.
 */
export async function imageFileOf(headerPath: string): Promise<string> {
  return partnerOf(headerPath, 'img');
}

/** The same compression as the named member is tried first, then the other. */
async function partnerOf(path: string, wanted: 'hdr' | 'img'): Promise<string> {
  const found = member.exec(path) ?? /\.(nii)(\.gz)?$/i.exec(path);
  const stem = found ? path.slice(0, found.index) : path;
  const upper = found !== null && found[1] === found[1]?.toUpperCase();
  const ending = upper ? wanted.toUpperCase() : wanted;
  const plain = `${stem}.${ending}`;
  const zipped = `${plain}.${found?.[2]?.slice(1) ?? 'gz'}`;
  const candidates = found?.[2] ? [zipped, plain] : [plain, zipped];
  for (const candidate of candidates) if (await exists(candidate)) return candidate;
  const message =
    `${path}: the other member of this .hdr/.img pair is missing: ` +
    `neither ${candidates.join(' nor ')} exists. Put both members into one folder.`;
  throw inputFault('partner-missing', message, { file: path });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const fault = storageFault(error, path);
    if (fault.code === 'file-missing') return false;
    throw fault;
  }
}

async function mustExist(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    throw storageFault(error, path);
  }
}
