import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renamableFile } from './references-arbitrary.ts'
import { renamedIn } from './references-support.ts'

/** `GODWIT_RUNS` for more. */
const numRuns = Number(process.env.GODWIT_RUNS ?? 150)

describe('any file', () => {
  test('has exactly the uses of the table renamed, and not what looks like one', () => {
    fc.assert(
      fc.property(renamableFile, ({ renamable: { file, packages, write }, names: { old, renamed } }) => {
        expect(renamedIn(write(old, old), { file, packages, old, renamed })).toBe(write(renamed, old))
      }),
      { numRuns },
    )
  })

  test('renamed there and back has the same bytes', () => {
    fc.assert(
      fc.property(renamableFile, ({ renamable: { file, packages, write }, names: { old, renamed } }) => {
        const before = write(old, old)
        const there = renamedIn(before, { file, packages, old, renamed })
        expect(renamedIn(there, { file, packages, old: renamed, renamed: old })).toBe(before)
      }),
      { numRuns },
    )
  })
})
