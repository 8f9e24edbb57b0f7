import * as fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { z } from 'zod'
import type { VerifyResult } from '../../../harness/result/index.ts'
import { resultSchema, resultSchemaText } from '../../../harness/result/index.ts'
import { verifyResult } from './result-arbitrary.ts'

type DeepReadonly<Value> = Value extends object ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> } : Value

describe('result schema', () => {
  test('is the type VerifyResult, to the last field', () => {
    expectTypeOf<DeepReadonly<z.infer<typeof resultSchema>>>().toEqualTypeOf<DeepReadonly<VerifyResult>>()
  })

  test('any result comes through JSON and the schema unchanged', () => {
    fc.assert(
      fc.property(verifyResult, (result) => {
        const json = JSON.parse(JSON.stringify(result))
        expect(resultSchema.parse(json)).toEqual(json)
      }),
    )
  })

  test('the published file is what the schema says now (to write it anew: vitest run specs/harness/report -u)', async () => {
    await expect(resultSchemaText()).toMatchFileSnapshot('../../../harness/result/result.schema.json')
  })
})
