/** The declared sanitizing, of every text: null bytes out, white space around it trimmed. */
export function sanitize(value: unknown): unknown {
  return typeof value === 'string' ? withoutNull(value).trim() : value
}

export function withoutNull(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '') : text
}
