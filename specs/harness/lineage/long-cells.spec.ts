import { expect, test } from 'vitest'
import { keysOf } from '../../../harness/lineage/keys.ts'

test('a cell of ten million characters has keys: the whole of it, and those of its beginning', () => {
  const cell = `Kobari 1f6c2b1e-8a3d-4c55-9a77-0123456789ab ${'x'.repeat(10_000_000)}`
  const keys = keysOf(cell)
  expect(keys[0]).toBe(`=${cell}`)
  expect(keys).toEqual(expect.arrayContaining(['wkobari', 'h1f6c2b1e8a3d4c559a770123456789ab']))
})
