import { describe, expect, test, vi } from 'vitest'
import { invariants } from '../../harness/invariants/index.ts'
import { table, withGenerated } from '../harness/config/generated-page.ts'

test('README.md has every invariant, in the order of reports (to write it anew: vitest run specs/invariants/registry.spec.ts -u)', async () => {
  const rows = invariants.map(({ id, holds }) => [`\`${id}\``, holds])
  const page = await withGenerated('../README.md', 'invariants', table(['invariant', 'holds when'], rows))
  await expect(page).toMatchFileSnapshot('../../README.md')
})

describe('the digest of the rules', () => {
  /** The digest of a registry with other invariants in it. */
  async function digestWith(change: (judge: Record<string, unknown>) => Record<string, unknown>): Promise<string> {
    vi.resetModules()
    vi.doMock('../../harness/invariants/zero-loss/judge.ts', async (original) => {
      const module = (await original()) as { readonly zeroLoss: Record<string, unknown> }
      return { ...module, zeroLoss: change(module.zeroLoss) }
    })
    const { rulesDigest } = await import('../../harness/invariants/registry.ts')
    vi.doUnmock('../../harness/invariants/zero-loss/judge.ts')
    // Other files run in the same process, and must not get what was mocked.
    vi.resetModules()
    return rulesDigest()
  }
  const rulesOf = (judge: Record<string, unknown>) => judge.rules as Record<string, Record<string, unknown>>

  test('is the same for the same rules, and another for another id, sentence or text of a rule', async () => {
    const same = await digestWith((judge) => ({ ...judge }))
    expect(await digestWith((judge) => ({ ...judge }))).toBe(same)
    const others = [
      await digestWith((judge) => ({ ...judge, id: 'no-loss' })),
      await digestWith((judge) => ({ ...judge, holds: 'nothing is lost' })),
      await digestWith((judge) => ({ ...judge, rules: Object.fromEntries(Object.entries(rulesOf(judge)).toReversed()) })),
    ]
    // One after the other: the mock is one for all.
    for (const key of ['severity', 'title', 'meaning', 'remedy']) others.push(await digestWithText(key))
    expect(new Set([same, ...others]).size).toBe(others.length + 1)
  })

  async function digestWithText(key: string): Promise<string> {
    return digestWith((judge) => {
      const [[kind = '', rule] = [], ...more] = Object.entries(rulesOf(judge))
      return { ...judge, rules: Object.fromEntries([[kind, { ...rule, [key]: 'info' }], ...more]) }
    })
  }
})
