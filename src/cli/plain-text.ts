/** Names come from files and folders: what could steer the terminal is replaced, line ends stay. */
export function plainText(text: string): string {
  return text.replace(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}
