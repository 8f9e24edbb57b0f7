import { readdirSync } from 'node:fs'
import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { invariants } from '../../harness/invariants/index.ts'
import type { VerifyOptions } from '../../harness/verify/index.ts'
import { inGate } from '../in-gate.ts'

/** Options without which an invariant does not look. */
const needed: Readonly<Record<string, VerifyOptions>> = {
  'online-safety': { runs: 10, online: { rows: 2000 } },
  // So lax that noise passes: an index that is lost costs more.
  'no-degradation': { runs: 10, performance: { most: 3, growth: false } },
  isolation: { runs: 10, isolation: {} },
}

test.each(invariants.map(({ id }) => id))('%s has both specimens', (id) => {
  expect(readdirSync(`fixtures/specimens/${id}`).toSorted()).toEqual(['sound', 'unsound'])
})

/** What is true of a sound specimen besides: it keeps every cell, and old clients that name what it moves fail all the same. */
const besides: Readonly<Record<string, readonly string[]>> = {
  applies: ['backward-compatibility: INSERTs that omit member.phone fail: the column is NOT NULL without a default'],
  'zero-loss': ['backward-compatibility: Queries that name book.remark fail: the column is gone'],
  'no-orphans': ['backward-compatibility: Writes to shelf.code fail where the new check "shelf_new_code_check" does not allow them'],
  'rollback-restores-state': ['backward-compatibility: INSERTs that omit ticket.seat store NULL instead of 1'],
}

describe.each(inGate(invariants, 6).map(({ id }) => id))('%s', (id) => {
  const judge = async (which: string) => {
    const { result } = await verifyShared(`fixtures/specimens/${id}/${which}`, { runs: 20, failOn: 'warning', ...needed[id] })
    const migration = result.migrations[0]
    return {
      verdict: migration?.invariants.find((each) => each.id === id)?.verdict,
      findings: migration?.findings.filter((each) => each.severity !== 'info').map((each) => `${each.invariant}: ${each.message}`),
      disagreements: migration?.disagreements,
    }
  }

  test('holds on the sound specimen, and nothing else is found on it but what is true', async () => {
    expect(await judge('sound')).toEqual({ verdict: 'holds', findings: besides[id] ?? [], disagreements: [] })
  })

  test('is violated by the unsound specimen', async () => {
    expect(await judge('unsound')).toEqual({
      verdict: 'violated',
      findings: expect.arrayContaining([expect.stringContaining(`${id}: `)]),
      disagreements: [],
    })
  })
})
