/** Text in columns for a terminal. Nothing is cut: what is wider than its room goes on in the next line. */

/** The narrowest that a column of words is made. */
const leastWidth = 12;
const gap = '  ';

/**
 * Pads the cells of each column alike, figures to the right; the first row is the head. Where the rows are wider than
 * `width`, the widest columns of words are narrowed and their cells wrapped. Lines are longer only if figures alone are.
 */
export function layOut(rows: readonly (readonly string[])[], width: number): string[] {
  const cleaned = rows.map((row) => row.map(clean));
  const columns = Math.max(...cleaned.map((row) => row.length));
  const natural = Array.from({ length: columns }, (_, i) =>
    Math.max(...cleaned.map((row) => row[i]?.length ?? 0)),
  );
  const isFigure = natural.map((_, i) =>
    cleaned.slice(1).every((row) => /^(-|[-+]?\d.*)?$/.test(row[i] ?? '')),
  );
  const widths = narrowed(natural, isFigure, width);
  return cleaned.flatMap((row) => {
    const cells = row.map((cell, i) => wrapped(cell, widths[i]!));
    const height = Math.max(1, ...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const texts = cells.map((lines, i) => {
        const text = lines[line] ?? '';
        return isFigure[i] ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
      });
      return texts.join(gap).trimEnd();
    });
  });
}

/** A text as lines of at most `width`, broken at spaces; lines after the first are indented. */
export function fitted(text: string, width: number): string[] {
  const lines = [''];
  for (const word of clean(text).split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + 1 + word.length > width) lines.push(`  ${word}`);
    else lines[lines.length - 1] = line === '' && lines.length === 1 ? word : `${line} ${word}`;
  }
  return lines;
}

function narrowed(natural: readonly number[], isFigure: readonly boolean[], width: number): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, each) => sum + each, 0) + gap.length * (widths.length - 1);
  while (total() > width) {
    const widest = Math.max(0, ...widths.filter((_, i) => !isFigure[i]));
    if (widest <= leastWidth) break;
    const at = widths.findIndex((each, i) => each === widest && !isFigure[i]);
    const next = Math.max(leastWidth, ...widths.filter((each, i) => !isFigure[i] && each < widest));
    widths[at] = Math.max(leastWidth, Math.min(widest - 1, next), widest - (total() - width));
  }
  return widths;
}

/** A cell as lines of at most `width`: broken at spaces, and within words that are longer. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

export function figure(value: number | null): string {
  if (value === null) return '-';
  const magnitude = Math.abs(value);
  return magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e5)
    ? value.toExponential(3)
    : value.toFixed(4);
}

/** A difference, with its sign. */
export function signed(value: number | null): string {
  return value !== null && value > 0 ? `+${figure(value)}` : figure(value);
}

/** Ids and messages come from files: what could steer the terminal is replaced. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}
