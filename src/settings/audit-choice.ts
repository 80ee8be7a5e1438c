/** How many tiles are audited: all, a share of them, or so many of the run. */
export type AuditChoice = 'all' | { readonly share: number } | { readonly tiles: number };

/** `all`, `1%` or `12`; undefined for `none` and for what is none of these. */
export function parseAudit(text: string): AuditChoice | undefined {
  if (text === 'all') return 'all';
  if (/^[1-9]\d{0,8}$/.test(text)) return { tiles: Number(text) };
  const [, percent] = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(text) ?? [];
  const share = Number(percent) / 100;
  return share > 0 && share <= 1 ? { share } : undefined;
}
