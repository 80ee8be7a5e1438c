/** Unsigned integers below 2^53, 7 bits a byte, least significant first; the high bit says that more follow. */
import { PartialError } from '../../../base/errors.ts';

export class VarintWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;

  write(value: number): void {
    this.#reserve(8);
    let rest = value;
    // Bit operations are for 31 bits.
    for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) + 128;
    for (; rest >= 128; rest >>= 7) this.#bytes[this.#length++] = (rest & 127) | 128;
    this.#bytes[this.#length++] = rest;
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
    // Nearly all numbers have one byte or two. Behind the end there are none, which are not below 128.
    const low = this.#bytes[this.#at]!;
    if (low < 128) {
      this.#at++;
      return low;
    }
    const high = this.#bytes[this.#at + 1]!;
    if (high < 128) {
      this.#at += 2;
      return (low & 127) | (high << 7);
    }
    return this.#readLong();
  }

  #readLong(): number {
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
    const [bytes, at] = [this.#bytes, this.#at];
    this.#at += 4;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }
}

function cutOff(): PartialError {
  return new PartialError('shard-corrupt', 'a list of numbers in a shard is cut off');
}
