/** A record of RFC 4180, ended by CRLF. Fields are as given, quoted where they hold a quote, comma or line break. */
export function csvRecord(fields: readonly (string | number | null | undefined)[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

/**
 * A spreadsheet takes text that begins so for a formula and runs it; a number with a sign is harmless. Text that begins with
 * apostrophes before that counts as well, so that every text can be read back.
 */
const formula = /^'*[=+\-@\t\r](?!(\d+(\.\d*)?|\.\d+)$)/;

/** `null` and `undefined` are empty fields. Text that a spreadsheet would run gets an apostrophe before it. */
function csvField(value: string | number | null | undefined): string {
  const given = value === null || value === undefined ? '' : String(value);
  const text = typeof value === 'string' && formula.test(given) ? `'${given}` : given;
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The text of which `csvRecord` made this one, as it is between the quotes. */
export function givenText(field: string): string {
  return field.startsWith("'") && formula.test(field) ? field.slice(1) : field;
}
