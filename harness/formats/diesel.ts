import { join } from 'node:path'
import { InputError } from '../errors.ts'
import type { Script } from '../migration/index.ts'
import { isFile } from '../migration/index.ts'
import type { Folder } from './folder.ts'
import { byUnits } from './folder.ts'
import type { Format } from './format.ts'
import { ignoredFiles } from './ignored.ts'
import { parentsOf } from './parents.ts'
import { duplicateCheck, readStep } from './read-step.ts'
import { downScriptOf, scriptOf } from './script-of.ts'
import { warnOfTransactionControl } from './transaction-control.ts'

const up = /^([^/]+)\/up\.sql$/

/**
 * A folder for each step with `up.sql` and `down.sql`, by the version before the first `_`. Each file goes in a transaction, unless
 * `metadata.toml` beside it says `run_in_transaction = false`.
 *
 * @see https://docs.rs/diesel_migrations
 */
export const diesel: Format<'diesel'> = {
  id: 'diesel',
  marker: 'folders with "up.sql" and "down.sql"',
  historyTables: ['__diesel_schema_migrations'],
  marks: (folder) => {
    if (!folder.files.some((name) => up.test(name))) return undefined
    return parentsOf(folder.root).some((directory) => isFile(join(directory, 'diesel.toml'))) ? 'strong' : 'weak'
  },
  read: async (folder) => {
    const reading = { folder, tool: 'Diesel', warnings: [] as string[] }
    const directories = new Set(folder.files.flatMap((name) => /^([^/]+)\/(?:up|down)\.sql$/.exec(name)?.[1] ?? []))
    const versioned = [...directories].map((name) => ({ name, version: versionOf(name) }))
    const refuseDuplicate = duplicateCheck(folder, versioned)
    const steps = []
    for (const { name, version } of versioned.sort((a, b) => byUnits(a.version, b.version))) {
      const files = ['up.sql', 'down.sql', 'metadata.toml'].map((each) => `${name}/${each}`).filter((each) => folder.has(each))
      const step = await readStep(reading, { name, version, files }, async () => {
        refuseDuplicate(name)
        if (!folder.has(`${name}/up.sql`)) throw new InputError(`"${folder.shown(`${name}/down.sql`)}" has no "up.sql" beside it`)
        const mode = await modeOf(folder, `${name}/metadata.toml`)
        const upScript = await scriptOf(reading, `${name}/up.sql`, { mode })
        const downScript = folder.has(`${name}/down.sql`) ? await downScriptOf(reading, `${name}/down.sql`, { mode }) : undefined
        for (const each of [upScript, downScript]) warnOfTransactionControl(reading, each)
        return { up: upScript, down: downScript }
      })
      steps.push(step)
    }
    const rest = folder.files.filter((name) => !/^[^/]+\/(up|down)\.sql$/.test(name))
    return { steps, ignored: ignoredFiles(rest, 'not "<step>/up.sql" or "<step>/down.sql"'), warnings: reading.warnings, downs: 'required' }
  },
}

/** What stands before the first `_`, dashes left out. */
function versionOf(name: string): string {
  return (name.split('_', 1)[0] ?? name).replaceAll('-', '')
}

async function modeOf(folder: Folder, metadata: string): Promise<Script['mode']> {
  if (!folder.has(metadata)) return 'transaction'
  const { parse } = await import('smol-toml')
  try {
    // Without one, the file still goes in one message, which the server wraps where it holds several statements.
    return parse(await folder.text(metadata)).run_in_transaction === false ? 'message' : 'transaction'
  } catch (cause) {
    throw new InputError(`"${folder.shown(metadata)}" is not TOML: ${cause instanceof Error ? cause.message.split('\n', 1)[0] : cause}`, {
      cause,
    })
  }
}
