/** What a format's reader needs of a file: its first bytes, inflated where it is gzip. */
import { readPrefix } from './prefix.ts';

export interface ByteSource {
  readonly path: string;
  /** Length of the file on disk in bytes. */
  readonly byteLength: number;
  /** Whether the file is gzip, by its magic bytes and not by its name. */
  readonly compressed: boolean;
  /**
   * Bytes of the (inflated) file, fewer at its end. Gzip is inflated from its start: this is for headers, not for voxels.
   * @throws InputError for a damaged file, MachineError when storage fails.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens a file and keeps the first `keptBytes`, so that a header is read once. @throws as `read` does */
export async function openSource(path: string, keptBytes: number): Promise<ByteSource> {
  const { bytes, compressed, fileBytes } = await readPrefix(path, keptBytes);
  return {
    path,
    byteLength: fileBytes,
    compressed,
    async read(offset, length) {
      const end = offset + length;
      const isKept = end <= keptBytes || bytes.length < keptBytes;
      return (isKept ? bytes : (await readPrefix(path, end)).bytes).slice(offset, end);
    },
  };
}
