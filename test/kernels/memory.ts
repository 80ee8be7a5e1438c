import { type Kernels, Layout, loadKernels } from '../../src/kernels/kernels.ts';

/** Kernels and their memory, laid out anew by `reset`. */
export class Bench {
  readonly kernels: Kernels = loadKernels();
  readonly layout = new Layout(this.kernels.memory);

  /** A region that holds `data`; its address. */
  put(data: ArrayBufferView): number {
    const address = this.layout.region(data.byteLength);
    this.bytes(address, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return address;
  }

  /** A zeroed region. */
  empty(bytes: number): number {
    const address = this.layout.region(bytes);
    this.bytes(address, bytes + 64).fill(0);
    return address;
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.kernels.memory.buffer, address, length);
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.kernels.memory.buffer, address, length);
  }

  doubles(address: number, length: number): Float64Array {
    return new Float64Array(this.kernels.memory.buffer, address, length);
  }

  integers(address: number, length: number): BigInt64Array {
    return new BigInt64Array(this.kernels.memory.buffer, address, length);
  }

  words(address: number, length: number): Uint32Array {
    return new Uint32Array(this.kernels.memory.buffer, address, length);
  }

  shorts(address: number, length: number): Uint16Array {
    return new Uint16Array(this.kernels.memory.buffer, address, length);
  }
}
