import { describe, expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { inGate } from '../../in-gate.ts'
import { openProject, projectNames, reasonToSkip } from './projects.ts'

/** The gate always tries this one: its tool starts fast. */
const always = 'node-pg-migrate'
/** Of these it tries one; the others take up to a minute, and are tried by `npm run soak`. */
const fast = ['knex', 'mikro-orm', 'sequelize']

describe('a project of a migration tool, verified with the real tool', () => {
  const others = projectNames().filter((name) => name !== always)
  const all = process.env.GODWIT_ALL_CASES === '1'

  test.for([always, ...(all ? others : inGate(fast, 1))])(
    'is judged as it is labelled: %s',
    { timeout: 300_000 },
    async (name, { skip }) => {
      const project = openProject(name)
      const missing = await reasonToSkip(project)
      skip(missing !== undefined, missing)
      const started = performance.now()

      const { result } = await verifyOn(await useCluster(), await readSources([project.directory], {}), {}, {})

      console.info(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
      const labels = Object.entries(project.expected)
      const judged = result.migrations.map(({ name: step, verdict, findings, invariants }, at) => {
        const [label = '', { finds = [] } = {}] = labels[at] ?? []
        const kinds = findings.map(({ invariant, kind }) => `${invariant}/${kind}`)
        return {
          label,
          step,
          verdict,
          found: finds.filter((kind) => kinds.includes(kind)),
          // What is wrong with a sound step, or unknown of it.
          alarms:
            finds.length > 0
              ? []
              : [
                  ...findings.filter(({ severity }) => severity === 'error').map(({ message }) => message),
                  ...invariants.filter((each) => each.verdict === 'unknown').map(({ id, because }) => `${id}: ${because}`),
                ],
        }
      })
      expect(judged).toEqual(
        labels.map(([label, { verdict, finds }]) => ({
          label,
          step: expect.stringContaining(partOf(label)),
          verdict,
          found: finds,
          alarms: [],
        })),
      )
    },
  )
})

/** A tool's name for a step is seldom the file's; what tells steps apart is in both. */
function partOf(label: string): string {
  return /\d{13,}|^[\da-f]{12}$|^\d{4}(?:\.\d\d){2}T[\d.]+/.exec(label)?.[0] ?? label
}
