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
