/** `1 234 567` with narrow no-break spaces, the same in every language. */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** `9.9`, `118`, `5.40`: three digits; `0` where nothing happens. */
export function formatRate(rate: number): string {
  if (rate === 0) return '0';
  return rate >= 100 ? formatCount(rate) : rate.toFixed(rate >= 10 ? 1 : 2);
}

/** `42 s`, `7 min`, `3 h 05 min`, `2 d 4 h`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [days, hours, minutes] = [
    Math.floor(whole / 86_400),
    Math.floor(whole / 3_600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  return minutes > 0 ? `${minutes} min` : `${whole} s`;
}

/** `just now`, `12 s ago`. */
export function formatAgo(milliseconds: number): string {
  return milliseconds < 1_500 ? 'just now' : `${formatDuration(milliseconds / 1000)} ago`;
}

/** `512 B`, `2.3 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Share of `total` in percent, rounded down so that 100 means all. */
export function percent(part: number, total: number): number {
  return total === 0 ? 0 : Math.floor((100 * part) / total);
}
