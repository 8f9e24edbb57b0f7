import { describe, expect, test } from 'vitest'
import { tokensOf } from '../../../harness/migration/tree.ts'

describe('tokens', () => {
  test('names and texts may hold every character but NUL', () => {
    for (let code = 1; code < 0xa0; code += 1) {
      const name = `"a${String.fromCharCode(code === 0x22 ? 0x23 : code)}é"`
      expect(tokensOf(`SELECT ${name}`).map(({ word }) => word)).toEqual(['SELECT', name])
    }
  })
})
