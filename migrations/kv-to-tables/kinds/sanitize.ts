/** The declared sanitizing, of every text: null bytes out, white space around it trimmed. */
export function sanitize(value: unknown): unknown {
  return typeof value === 'string' ? trim(withoutNull(value)) : value
}

export function withoutNull(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '') : text
}

/** As Unicode has it. `String.trim` would take U+FEFF too, which is a character without width and no white space. */
const whiteSpace = /\p{White_Space}/u

function trim(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && whiteSpace.test(text.charAt(start))) start += 1
  while (end > start && whiteSpace.test(text.charAt(end - 1))) end -= 1
  return start === 0 && end === text.length ? text : text.slice(start, end)
}
