/** Stored bytes that can be read anywhere: all that a reader of shards needs to know of storage. */
export interface ByteSource {
  /** What the bytes are called where they are stored. */
  readonly name: string;
  /** Path or address, for messages. */
  readonly path: string;
  readonly byteLength: number;
  /** Fills as much of `target` as there are bytes from `position` on. @returns how many @throws MachineError */
  read(position: number, target: Uint8Array): number;
  close(): void;
}

/** Bytes that are stored nowhere. */
export class BytesInMemory implements ByteSource {
  readonly name: string;
  readonly path: string;
  readonly #bytes: Uint8Array;

  /** `name`: what messages call them. The pieces are copied. */
  constructor(name: string, pieces: readonly Uint8Array[]) {
    this.name = name;
    this.path = name;
    this.#bytes = Buffer.concat(pieces);
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  read(position: number, target: Uint8Array): number {
    const part = this.#bytes.subarray(position, position + target.length);
    target.set(part);
    return part.length;
  }

  close(): void {}
}
