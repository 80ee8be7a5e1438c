// Fetches what is shown of a case: lines that tell how much has been read, then the facts and the arrays behind them.

const kinds = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array, float32: Float32Array };

/** Why a view cannot be shown, by its code. */
export class ViewFault extends Error {
  constructor(code) {
    super(sentences[code] ?? `The volumes cannot be shown (${code}).`);
    this.code = code;
  }
}

const sentences = {
  'changed-since':
    'The files have been replaced since they were scored, so they are not shown beside its values (changed-since). Score the case again.',
  'viewer-busy': 'Too many cases are being opened. Try again in a moment (viewer-busy).',
  'file-missing': 'A file of this case is gone (file-missing).',
  'outside-data-roots': 'A file of this case lies outside the data folders (outside-data-roots).',
};

/** `progress` hears what is going on, and a share from 0 to 1. */
export async function fetchView(address, progress) {
  const answer = await fetch(address);
  if (!answer.ok) throw new ViewFault((await answer.json().catch(() => ({}))).fault ?? answer.status);
  const source = new Source(answer.body.getReader());
  for (;;) {
    const line = JSON.parse(await source.line());
    if (line.fault !== undefined) throw new ViewFault(line.fault);
    if (line.share !== undefined) {
      progress('Reading the volumes', line.share);
      continue;
    }
    const bytes = line.arrays.map(({ type, length }) => length * kinds[type].BYTES_PER_ELEMENT);
    const total = bytes.reduce((sum, each) => sum + each, 0);
    const arrays = [];
    let loaded = 0;
    for (const [at, { type }] of line.arrays.entries()) {
      const buffer = await source.bytes(bytes[at], (count) => {
        loaded += count;
        progress('Loading', loaded / total);
      });
      arrays.push(new kinds[type](buffer));
    }
    const [voxels, scan] = arrays;
    return { ...line.view, voxels, scan };
  }
}

/** A stream taken by lines first and by bytes then. */
class Source {
  #reader;
  #rest = new Uint8Array(0);

  constructor(reader) {
    this.#reader = reader;
  }

  async line() {
    const parts = [];
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end >= 0) {
        parts.push(this.#rest.slice(0, end));
        this.#rest = this.#rest.subarray(end + 1);
        return new Blob(parts).text();
      }
      parts.push(this.#rest);
      await this.#more();
    }
  }

  async bytes(length, taken) {
    const target = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      if (this.#rest.length === 0) await this.#more();
      const part = this.#rest.subarray(0, length - filled);
      target.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
      taken(part.length);
    }
    return target.buffer;
  }

  async #more() {
    const { value, done } = await this.#reader.read();
    if (done) throw new Error('The connection ended early. Load the page again.');
    this.#rest = value;
  }
}
