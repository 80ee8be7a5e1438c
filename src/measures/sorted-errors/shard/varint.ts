/** Unsigned integers below 2^53, 7 bits a byte, least significant first; the high bit says that more follow. */
import { PartialError } from '../../../base/errors.ts';

export class VarintWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;

  write(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Four bytes, little-endian. */
  writeUint32(value: number): void {
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setUint32(this.#length, value, true);
    this.#length += 4;
  }

  writeBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Begin anew; what `finish` returned before is void. */
  reset(): void {
    this.#length = 0;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

export class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** What bytes that are no such numbers are. */
  fault(): PartialError {
    return cutOff();
  }

  read(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw cutOff();
  }

  readBytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw cutOff();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  readUint32(): number {
    if (this.#at + 4 > this.#bytes.length) throw cutOff();
    const value = new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }
}

function cutOff(): PartialError {
  return new PartialError('shard-corrupt', 'a list of numbers in a shard is cut off');
}
