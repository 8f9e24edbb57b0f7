import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '../errors.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import type { HistoryStep } from './history.ts'
import { ignoredFiles } from './ignored.ts'
import { readForPsql } from './psql-script.ts'
import { readStep } from './read-step.ts'
import { downScriptOf, scriptOf } from './script-of.ts'
import { readSqitchPlan, type SqitchChange } from './sqitch-plan.ts'

const planName = 'sqitch.plan'

/**
 * `sqitch.plan` with `deploy/`, `revert/` and `verify/`, in the plan's order. psql runs the scripts, statement by statement, in the
 * transactions that they begin themselves. A reworked change's old scripts are `<change>@<tag>.sql`.
 *
 * @see https://sqitch.org
 */
export const sqitch: Format<'sqitch'> = {
  id: 'sqitch',
  marker: '"sqitch.plan"',
  historyTables: [],
  marks: (folder) =>
    folder.has(planName) || (folder.has('sqitch.conf') && existsSync(join(folder.root, 'deploy'))) ? 'strong' : undefined,
  read: async (folder) => {
    if (!folder.has(planName)) throw new InputError(`"${folder.shown('sqitch.conf')}" has no "${planName}" beside it`)
    await refuseOtherEngine(folder)
    const reading = { folder, tool: 'sqitch', warnings: [] as string[], psql: true }
    const { project, changes } = readSqitchPlan(folder.shown(planName), await folder.text(planName))
    const variables = new Map([['registry', 'sqitch']])
    const steps: HistoryStep[] = []
    const taken = new Set<string>()
    for (const [at, change] of changes.entries()) {
      const suffix = suffixOf(folder, changes, at)
      const [deploy, revert, verify] = ['deploy', 'revert', 'verify'].map((part) => `${part}/${change.name}${suffix}.sql`) as [
        string,
        string,
        string,
      ]
      const names = [deploy, revert, verify].filter((name) => folder.has(name))
      for (const name of names) taken.add(name)
      const isRework = changes.slice(0, at).some(({ name }) => name === change.name)
      const stepNames = {
        name: `${change.name}${suffix}`,
        version: `${project}:${change.name}${suffix}`,
        files: names,
        // The plan's newest form of a change takes over its file.
        repeatable: isRework && suffix === '',
      }
      const step = await readStep(reading, stepNames, async () => {
        if (!folder.has(deploy)) {
          throw new InputError(
            `"${folder.shown(planName)}" names "${change.name}" (line ${change.line}), but there is no "${folder.shown(deploy)}"`,
          )
        }
        const texts = new Map(
          await Promise.all(
            names.map(async (name) => [name, await readForPsql(folder.path(name), await folder.text(name), variables)] as const),
          ),
        )
        const parts = (name: string) => {
          const text = texts.get(name)?.source
          return { mode: 'autocommit', ...(text === undefined ? {} : { text }) } as const
        }
        const assertions = folder.has(verify) ? await scriptOf(reading, verify, parts(verify)) : undefined
        return {
          included: [...texts.values()].flatMap(({ included }) => included),
          up: await scriptOf(reading, deploy, parts(deploy)),
          down: folder.has(revert) ? await downScriptOf(reading, revert, parts(revert)) : undefined,
          verify: assertions?.kind === 'sql' ? assertions.script : undefined,
        }
      })
      steps.push(step)
    }
    const rest = folder.files.filter((name) => /^(deploy|revert|verify)\//.test(name) && !taken.has(name))
    return { steps, ignored: ignoredFiles(rest, `not in "${planName}"`), warnings: reading.warnings, downs: 'required' }
  },
}

/** `@tag` for a change that a later one of its name replaces: of the tags between them, the one that its script was copied for. */
function suffixOf(folder: Folder, changes: readonly SqitchChange[], at: number): string {
  const name = changes[at]?.name
  const next = changes.findIndex((change, index) => index > at && change.name === name)
  if (next < 0) return ''
  const tags = changes.slice(at, next).flatMap((change) => change.tags)
  const tag = tags.find((each) => folder.has(`deploy/${name}@${each}.sql`)) ?? tags[0]
  return tag === undefined ? '' : `@${tag}`
}

async function refuseOtherEngine(folder: Folder): Promise<void> {
  if (!folder.has('sqitch.conf')) return
  const engine = /^\s*engine\s*=\s*(\w+)/m.exec(await folder.text('sqitch.conf'))?.[1]
  if (engine === undefined || /^(pg|cockroach|yugabyte)$/.test(engine)) return
  throw new InputError(`"${folder.shown('sqitch.conf')}" says engine "${engine}"`, {
    hint: 'Only migrations for PostgreSQL can be verified.',
  })
}
