import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { codeUses, renderVersions, versionsOn, writeTypes } from '../../../harness/operations/index.ts'
import { onPlace } from '../../../harness/operations/schema/place.ts'

const project = 'fixtures/supabase-project'

// What a team on Supabase does with a table that gets another name; its third step was written by `godwit compat generate`.
describe('a Supabase project', { timeout: 120_000 }, () => {
  test('keeps its old clients through a rename: every step holds, for anon, authenticated and service_role too', async () => {
    const { result } = await verifyOn(await useCluster(), await readSources([project], {}), { runs: 10 }, {})
    expect(result.migrations.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['20260901090000_profiles_and_documents.sql', 'holds'],
      ['20260915090000_tags.sql', 'holds'],
      ['20261001090000_rename_documents.sql', 'holds'],
    ])
    const renamed = result.migrations.at(-1)
    for (const invariant of ['view-equivalence', 'access-parity', 'zero-loss', 'backward-compatibility'])
      expect([invariant, renamed?.invariants.find(({ id }) => id === invariant)?.verdict]).toEqual([invariant, 'holds'])
  })

  test('gets a major version by the rename, whose reason is what a view cannot do', async () => {
    const request = { paths: [project], at: undefined, table: 'public.schema_versions', options: {}, hooks: {} }
    const found = await versionsOn(await useCluster(), request)
    expect(found.versions.map(({ version }) => version)).toEqual(['1.0.0', '1.1.0', '2.0.0'])
    expect(renderVersions(found)).toContain('table public.documents is gone: a view has its name now')
  })

  test('has the same types for the view as for the table', async () => {
    const typesAt = async (at: string | undefined) => {
      const place = { kind: 'files', path: project, at, ref: undefined } as const
      const text = await onPlace(await useCluster(), place, { options: {}, hooks: {} }, ({ session }) => writeTypes(session, ['public']))
      return /export interface Documents \{[^}]*\}/.exec(text)?.[0]
    }
    const table = await typesAt('20260915090000_tags.sql')
    expect(table).toContain('tags: Generated<string[]>;')
    expect(await typesAt(undefined)).toBe(table)
  })

  test('is searched for the old name by way of the client of Supabase', async () => {
    const { certain, ambiguous } = await codeUses(`${project}/src`, 'documents', new AbortController().signal)
    expect(certain.map(({ line, kind }) => [line, kind])).toEqual([
      [5, expect.stringContaining('Supabase')],
      [8, expect.stringContaining('Supabase')],
      [11, expect.stringContaining('Supabase')],
    ])
    expect(ambiguous).toEqual([])
  })
})
