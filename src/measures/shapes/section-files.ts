/** Section files that a case keeps: each says whose it is, and is refused where it is of another. */
import * as z from 'zod';
import { PartialError } from '../../base/errors.ts';
import type { KeptFiles } from '../quantity.ts';
import { encodeSections, type NamedSection, SectionFile } from './section-file.ts';

const identified = z.looseObject({ of: z.string() });

export function keepSections(
  kept: KeptFiles,
  name: string,
  about: object,
  sections: readonly NamedSection[],
): void {
  kept.put(name, encodeSections({ of: kept.of, ...about }, sections, true));
}

/** Reads from a file; it is closed afterwards. @throws PartialError for one that is missing, torn or of another case */
export function withSections<T>(kept: KeptFiles, name: string, use: (file: SectionFile) => T): T {
  const source = kept.open(name);
  try {
    const file = new SectionFile(source);
    if (identified.safeParse(file.about).data?.of !== kept.of) {
      throw new PartialError('partial-of-another', `${source.path} is of other settings or files`, {
        file: source.path,
        record: source.name,
      });
    }
    return use(file);
  } finally {
    source.close();
  }
}
