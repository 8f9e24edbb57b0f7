import { basename } from 'node:path'
import { opaqueProgram } from './file-names.ts'
import { byUnits, partsOf } from './folder.ts'
import type { Format } from './format.ts'
import { ignoredFiles } from './ignored.ts'
import { dependencyOf } from './package-json.ts'
import { readStep } from './read-step.ts'
import { downScriptOf, keepOnly, type ScriptParts, scriptOf } from './script-of.ts'
import { breaksOut, warnOfTransactionControl } from './transaction-control.ts'

const pattern = /^(\d+)[_-][^/]*\.(sql|[cm]?[jt]s)$/
const marker = /^\s*--[\s-]*(up|down)\s+migration/gim

/**
 * `<number>_<name>.sql` in one folder, by number, with `-- Up Migration` and `-- Down Migration` (without markers all of it is up); programs
 * are opaque. All pending steps go in one transaction.
 *
 * @see https://salsita.github.io/node-pg-migrate
 */
export const nodePgMigrate: Format<'node-pg-migrate'> = {
  id: 'node-pg-migrate',
  marker: '"-- Up Migration" in SQL files',
  historyTables: ['pgmigrations'],
  marks: async (folder) => {
    if (await folder.contains(/^\s*--[\s-]*up\s+migration/im)) return 'strong'
    // Without a mark of its own only the folder's usual name tells it from other folders of a project that has the package.
    const numbered = /migrat/i.test(basename(folder.root)) && folder.files.some((name) => pattern.test(name))
    return numbered && (await dependencyOf(folder.root, ['node-pg-migrate'])) !== undefined ? 'strong' : undefined
  },
  read: async (folder) => {
    const reading = { folder, tool: 'node-pg-migrate', warnings: [] as string[] }
    const names = folder.files.filter((name) => pattern.test(name) && !/\.d\.ts$|contract\.ts$/.test(name))
    const order = names.sort((a, b) => numberOf(a) - numberOf(b) || byUnits(a, b))
    const steps = []
    for (const name of order) {
      const version = name.replace(/\.\w+$/, '')
      const batch = 'pending'
      const step = await readStep(reading, { name, version, files: [name], batch }, async () => {
        if (!name.endsWith('.sql')) return { up: opaqueProgram(folder, name) }
        const { up, down } = sectionsOf(await folder.text(name))
        const upScript = await scriptOf(reading, name, up)
        const downScript = down === undefined ? undefined : await downScriptOf(reading, name, down)
        for (const each of [upScript, downScript]) warnOfTransactionControl(reading, each)
        return { up: upScript, down: downScript, batch: breaksOut(upScript) ? undefined : batch }
      })
      steps.push(step)
    }
    const rest = folder.files.filter((name) => !order.includes(name) && !partsOf(name).base.startsWith('.'))
    return {
      steps,
      ignored: ignoredFiles(rest, 'not named "<number>_<name>" in the folder itself'),
      warnings: reading.warnings,
      downs: 'optional',
    }
  },
}

/** Up to four digits are an index, 13 are milliseconds, 17 a day and time: all as one number line, as the tool has it. */
function numberOf(name: string): number {
  const digits = pattern.exec(name)?.[1] ?? '0'
  if (digits.length !== 17) return Number(digits)
  const [, year, month, day, hour, minute, second, ms] = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{3})$/.exec(digits) ?? []
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), Number(ms))
}

function sectionsOf(text: string): { readonly up: ScriptParts; readonly down: ScriptParts | undefined } {
  const found = [...text.matchAll(marker)].map((match) => ({ direction: (match[1] ?? '').toLowerCase(), index: match.index }))
  const mode = 'transaction'
  if (found.length === 0) return { up: { mode }, down: undefined }
  const partsFor = (direction: string): ScriptParts => ({
    mode,
    text: keepOnly(
      text,
      found.flatMap((each, at) => (each.direction === direction ? [[each.index, found[at + 1]?.index ?? text.length] as const] : [])),
    ),
  })
  return { up: partsFor('up'), down: found.some((each) => each.direction === 'down') ? partsFor('down') : undefined }
}
