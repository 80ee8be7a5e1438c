import type { Terminal } from '../../src/cli/terminal.ts';

/** A terminal that keeps what is written to it. */
export function recorder(options: Partial<Pick<Terminal, 'live' | 'width'>> = {}) {
  const written = { out: '', error: '' };
  const terminal: Terminal = {
    out: (text) => {
      written.out += text;
    },
    error: (text) => {
      written.error += text;
    },
    live: options.live ?? false,
    color: false,
    width: options.width ?? 120,
  };
  return { terminal, written };
}
