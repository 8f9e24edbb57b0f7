import { join } from 'node:path'
import { parse as parseToml } from 'smol-toml'
import { InputError } from '../../errors.ts'
import type { Script } from '../model.ts'
import { isFile } from '../path-kind.ts'
import { refuseDuplicates } from './file-names.ts'
import type { Folder } from './folder.ts'
import { byUnits } from './folder.ts'
import type { Format } from './format.ts'
import { ignoredFiles } from './ignored.ts'
import { makeStep } from './make-step.ts'
import { parentsOf } from './parents.ts'
import { downScriptOf, scriptOf } from './script-of.ts'
import { warnOfTransactionControl } from './transaction-control.ts'

const up = /^([^/]+)\/up\.sql$/

/**
 * A folder for each step with `up.sql` and `down.sql`, by the version before the first `_`. Each file goes in a transaction, unless
 * `metadata.toml` beside it says `run_in_transaction = false`.
 *
 * @see https://docs.rs/diesel_migrations
 */
export const diesel: Format = {
  name: 'diesel',
  marker: 'folders with "up.sql" and "down.sql"',
  marks: (folder) => {
    if (!folder.files.some((name) => up.test(name))) return undefined
    return parentsOf(folder.root).some((directory) => isFile(join(directory, 'diesel.toml'))) ? 'strong' : 'weak'
  },
  read: async (folder) => {
    const reading = { folder, tool: 'Diesel', warnings: [] as string[] }
    const directories = folder.files.flatMap((name) => up.exec(name)?.[1] ?? [])
    const lonely = folder.files.find((name) => /^[^/]+\/down\.sql$/.test(name) && !folder.has(name.replace('down.sql', 'up.sql')))
    if (lonely !== undefined) throw new InputError(`"${folder.shown(lonely)}" has no "up.sql" beside it`)
    const versioned = directories.map((name) => ({ name, version: versionOf(name) }))
    refuseDuplicates(folder, versioned)
    const steps = []
    for (const { name, version } of versioned.sort((a, b) => byUnits(a.version, b.version))) {
      const mode = await modeOf(folder, `${name}/metadata.toml`)
      const files = ['up.sql', 'down.sql', 'metadata.toml'].map((each) => `${name}/${each}`).filter((each) => folder.has(each))
      const upScript = await scriptOf(reading, `${name}/up.sql`, { mode })
      const downScript = folder.has(`${name}/down.sql`) ? await downScriptOf(reading, `${name}/down.sql`, { mode }) : undefined
      for (const step of [upScript, downScript]) warnOfTransactionControl(reading, step)
      steps.push(await makeStep(folder, { name, version, files, up: upScript, down: downScript }))
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
  try {
    // Without one, the file still goes in one message, which the server wraps where it holds several statements.
    return parseToml(await folder.text(metadata)).run_in_transaction === false ? 'message' : 'transaction'
  } catch (cause) {
    throw new InputError(`"${folder.shown(metadata)}" is not TOML: ${cause instanceof Error ? cause.message.split('\n', 1)[0] : cause}`, {
      cause,
    })
  }
}
