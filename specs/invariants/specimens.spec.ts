import { readdirSync } from 'node:fs'
import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { invariants } from '../../harness/invariants/index.ts'
import type { VerifyOptions } from '../../harness/verify/index.ts'

/** Options without which an invariant does not look. */
const needed: Readonly<Record<string, VerifyOptions>> = {
  'online-safety': { runs: 10, online: { rows: 2000 } },
}

/** What is true of a sound specimen besides: it keeps every cell, and old clients that name what it moves fail all the same. */
const besides: Readonly<Record<string, readonly string[]>> = {
  applies: ['backward-compatibility: inserts that do not know public.member.phone fail: it is NOT NULL and has no default'],
  'zero-loss': ['backward-compatibility: clients that name public.book.remark fail: it is gone'],
  'no-orphans': ['backward-compatibility: writes to public.shelf.code that the new check "shelf_new_code_check" does not allow fail'],
  'rollback-restores-state': ['backward-compatibility: inserts that leave out public.ticket.seat store NULL instead of 1'],
}

describe.each(invariants.map(({ id }) => id))('%s', (id) => {
  const judge = async (which: string) => {
    const { result } = await verifyShared(`fixtures/specimens/${id}/${which}`, { runs: 40, failOn: 'warning', ...needed[id] })
    const migration = result.migrations[0]
    return {
      verdict: migration?.invariants.find((each) => each.id === id)?.verdict,
      findings: migration?.findings.filter((each) => each.severity !== 'info').map((each) => `${each.invariant}: ${each.message}`),
      disagreements: migration?.disagreements,
    }
  }

  test('has both specimens', () => {
    expect(readdirSync(`fixtures/specimens/${id}`).toSorted()).toEqual(['sound', 'unsound'])
  })

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
