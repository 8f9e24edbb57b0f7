import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SourceMap } from '../../../harness/migration/index.ts'

const text = fc
  .array(fc.oneof(fc.constantFrom('é', '😀', '\n', '\r\n', '\t', 'a', '漢'), fc.string({ unit: 'grapheme', maxLength: 8 })), {
    maxLength: 400,
    size: 'max',
  })
  .map((parts) => parts.join(''))

describe('source map', () => {
  test('any character has one place in bytes, UTF-16 units and code points', () => {
    fc.assert(
      fc.property(text, fc.nat(), (source, choice) => {
        const map = new SourceMap(source)
        const characters = [...source]
        const codePoint = choice % (characters.length + 1)
        const before = characters.slice(0, codePoint).join('')
        const [utf16, byte] = [before.length, Buffer.byteLength(before)]
        expect(map.utf16OfByte(byte)).toBe(utf16)
        expect(map.utf16OfCodePoint(codePoint)).toBe(utf16)
        expect(map.byteOfUtf16(utf16)).toBe(byte)
        expect(map.codePointOfUtf16(utf16)).toBe(codePoint)
      }),
    )
  })

  test('any offset is on the line that as many line feeds precede', () => {
    fc.assert(
      fc.property(text, fc.nat(), (source, choice) => {
        const offset = choice % (source.length + 1)
        const before = source.slice(0, offset).split('\n')
        expect(new SourceMap(source).positionOf(offset)).toEqual({ line: before.length, column: (before.at(-1) ?? '').length + 1 })
      }),
    )
  })

  test('an offset inside a character counts as its start, one past the end as the end', () => {
    const map = new SourceMap('😀x')
    expect([1, 3, 4, 99].map((byte) => map.utf16OfByte(byte))).toEqual([0, 0, 2, 3])
  })

  test('gives a line without its line end', () => {
    const map = new SourceMap('a\r\nb😀\n')
    expect([1, 2, 3].map((line) => map.lineText(line))).toEqual(['a', 'b😀', ''])
  })
})
