import { InputError } from '../errors.ts'

/**
 * Decode a file's bytes.
 *
 * @throws {InputError} when they are not UTF-8; the hint says what they look like instead.
 */
export function decodeSource(file: string, bytes: Uint8Array): string {
  const looksLike = utf16(bytes)
  if (looksLike !== undefined) throw notUtf8(file, `It looks like ${looksLike}.`, undefined)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw notUtf8(file, eightBit(bytes), cause)
  }
}

function notUtf8(file: string, detail: string, cause: unknown): InputError {
  return new InputError(`"${file}" is not UTF-8`, { detail, hint: 'Save the file as UTF-8.', cause })
}

/** UTF-16 by its byte order mark, or by the zeros of its Latin letters. */
function utf16(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'UTF-16, little-endian'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'UTF-16, big-endian'
  const zero = bytes.indexOf(0)
  if (zero < 0) return undefined
  return bytes[zero + 2] === 0 ? `UTF-16, ${zero % 2 === 1 ? 'little' : 'big'}-endian` : 'a binary file'
}

function eightBit(bytes: Uint8Array): string {
  const at = firstInvalid(bytes)
  const line = bytes.subarray(0, at).filter((byte) => byte === 10).length + 1
  const value = bytes[at] ?? 0
  // 0x80 to 0x9f are letters and quotes in Windows-1252, control characters in Latin-1.
  const looksLike = bytes.some((byte) => byte >= 0x80 && byte < 0xa0) ? 'Windows-1252 or another 8-bit encoding' : 'Latin-1'
  return `Byte 0x${value.toString(16)} on line ${line} is none of UTF-8. It looks like ${looksLike}.`
}

/** The first byte at which decoding fails: the longest valid prefix ends before it. */
function firstInvalid(bytes: Uint8Array): number {
  const valid = (end: number) => {
    try {
      // As a stream, so that a character cut by `end` is no error.
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end), { stream: true })
      return true
    } catch {
      return false
    }
  }
  let [low, high] = [0, bytes.length]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (valid(middle)) low = middle
    else high = middle - 1
  }
  // A character that begins well and goes on wrong is wrong from its first byte.
  const begun = bytes.subarray(Math.max(0, low - 3), low).findLastIndex((byte) => byte >= 0xc0)
  return (bytes[low] ?? 0) < 0xc0 && begun >= 0 ? Math.max(0, low - 3) + begun : low
}
