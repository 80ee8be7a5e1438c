/** Text that is markup already. Only `html` makes it, so that nothing else reaches a page unescaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type Fragment = Markup | string | number | null | undefined | false | readonly Fragment[];

/**
 * A piece of a page. Every value that is put in is text and is escaped, for element content and quoted attributes
 * alike, unless it is itself a piece; lists are joined; null, undefined and false give nothing.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Fragment[]): Markup {
  return new Markup(parts.reduce((text, part, at) => text + rendered(values[at - 1]) + part));
}

function rendered(value: Fragment): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeText(String(value));
  return value ? value.map(rendered).join('') : '';
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
