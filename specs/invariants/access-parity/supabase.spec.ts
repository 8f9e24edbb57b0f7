import { beforeAll, describe, expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import type { MigrationResult } from '../../../harness/result/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

/** What is found of access at one step, with the roles that it is about. */
function found(migration: MigrationResult | undefined): readonly string[] {
  return (migration?.findings ?? [])
    .filter((each) => each.invariant === 'access-parity' && each.severity !== 'info')
    .map(({ severity, kind, relation, evidence, message }) =>
      [severity, kind, relation, String(evidence.roles), message.replace(/^.*: /, '')].join(' | '),
    )
}

describe('the roles of Supabase', () => {
  let steps: ReadonlyMap<string, MigrationResult>
  beforeAll(async () => {
    const { result } = await verifyOn(await useCluster(), await readSources(['fixtures/supabase-access'], {}), { runs: 1 }, {})
    steps = new Map(result.migrations.map((each) => [each.name.replace(/^\d+_|\.sql$/g, ''), each]))
  })

  test('a new view shows everybody what auth.uid() decides', () => {
    expect(found(steps.get('titles_for_the_front_page'))).toEqual([
      'error | gained | public.documents | anon,authenticated | the view document_titles reads with the rights of its owner godwit_owner, for whom row security does not hold',
    ])
  })
  test('a policy that is widened is told with who sees more', () => {
    expect(found(steps.get('drafts_are_shared'))).toEqual([
      'error | gained | public.documents | anon,authenticated | a policy of the migration shows every row, where each user saw only some',
    ])
  })
  test('a table made anew keeps its grants by default privileges and loses its row security', () => {
    expect(found(steps.get('papers_made_anew'))).toEqual([
      'error | gained | public.papers | anon,authenticated | row security is off on papers',
    ])
  })
  test.each(['profiles_and_documents', 'tags', 'papers'])('%s changes nothing for anybody', (name) => {
    expect([steps.get(name)?.name, found(steps.get(name))]).toEqual([expect.stringContaining(name), []])
  })
  test('rows were really tried where policies decide', () => {
    expect(steps.get('papers')?.invariants.find((each) => each.id === 'access-parity')?.saw.rows).toBeGreaterThan(10)
  })
})
