import { readFileSync } from 'node:fs'
import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import type { Database } from '../../../harness/postgres/index.ts'
import { inGate } from '../../in-gate.ts'
import { openProject, type Project, projectNames, reasonToSkip, runTool } from './projects.ts'

/** What the tool's own tables say is applied: the names of the steps; of a tool that keeps only the newest, that one. */
async function applied(database: Database, { history, newestOnly }: Project): Promise<readonly string[]> {
  await using session = await database.connect()
  const rows = await session.query<{ name: string }>(history)
  const names = rows.map(({ name }) => name)
  return newestOnly ? names.slice(-1) : names
}

/** Tables, views, enums and functions in the database that are not the tool's own. */
async function objects(database: Database, { own }: Project): Promise<readonly string[]> {
  await using session = await database.connect()
  const rows = await session.query<{ name: string }>(`
    SELECT name FROM (
      SELECT relnamespace, relname::text AS name FROM pg_class WHERE relkind IN ('r', 'v', 'm')
      UNION ALL SELECT typnamespace, typname::text FROM pg_type WHERE typtype = 'e'
      UNION ALL SELECT pronamespace, proname::text FROM pg_proc
    ) AS object JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'sqitch') ORDER BY 1`)
  return rows.map(({ name }) => name).filter((name) => !own.includes(name))
}

describe('a project of a migration tool', () => {
  const documented = new Set([...readFileSync('docs/findings.md', 'utf8').matchAll(/^### (.+)$/gm)].map(([, kind]) => kind))
  const readme = readFileSync('fixtures/programs/README.md', 'utf8')

  test.each(projectNames())('has five sound steps and five wrong ones of different kinds, all explained: %s', (name) => {
    const steps = Object.entries(openProject(name).expected)
    const wrong = steps.filter(([, { verdict }]) => verdict === 'violated')
    const kinds = wrong.flatMap(([, { finds }]) => finds)
    expect([steps.length, wrong.length, steps.filter(([, { verdict }]) => verdict === 'holds').length]).toEqual([10, 5, 5])
    expect(wrong.filter(([, { finds }]) => finds.length === 0)).toEqual([])
    expect(kinds.filter((kind) => !documented.has(kind))).toEqual([])
    expect(steps.map(([step]) => step).filter((step) => !readme.includes(step))).toEqual([])
  })

  for (const name of inGate(projectNames(), 3))
    test(`goes up, back and up again with the real tool: ${name}`, async ({ skip }) => {
      const project = openProject(name)
      const missing = await reasonToSkip(project)
      skip(missing !== undefined, missing)
      const steps = Object.keys(project.expected)
      const ended = project.newestOnly ? steps.slice(-1) : steps
      await using database = await (await useCluster()).createDatabase()

      await runTool(project, 'upAll', database)
      expect(await applied(database, project)).toEqual(ended)
      const made = await objects(database, project)
      expect(made.length).toBeGreaterThan(2)
      if (project.status !== undefined) {
        const listed = await runTool(project, 'status', database)
        const names = [...listed.matchAll(new RegExp(project.status.applied, 'gm'))].map(([, step]) => step)
        expect(names.toSorted()).toEqual(ended.toSorted())
      }

      await runTool(project, 'downOne', database)
      expect(await applied(database, project)).toEqual(project.newestOnly ? steps.slice(-2, -1) : steps.slice(0, -1))
      await runTool(project, 'downAll', database)
      expect(await applied(database, project)).toEqual([])
      expect(await objects(database, project)).toEqual([])

      if (project.upOne !== undefined) {
        await runTool(project, 'upOne', database)
        expect(await applied(database, project)).toEqual(steps.slice(0, 1))
      }
      await runTool(project, 'upAll', database)
      expect(await applied(database, project)).toEqual(ended)
      expect(await objects(database, project)).toEqual(made)
    })
})
