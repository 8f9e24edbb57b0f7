import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InputError } from '../errors.ts'
import {
  type Counterexample,
  exploreInterleavings,
  type InterleavingOptions,
  parseInterleaving,
  renderInterleaving,
  replayInterleaving,
} from '../interleavings/index.ts'
import { interleavingLines, renderInterleavingPage, replaceFile, safeFolderName } from '../report/index.ts'
import { useCluster } from './cluster.ts'

export interface InterleavingSuiteOptions extends InterleavingOptions {
  /** A saved interleaving that is run instead of all others. Default: the file that GODWIT_INTERLEAVING names, where it is one of this suite. */
  readonly replay?: string | undefined
  /** Where a wrong interleaving is saved; default `reports`. */
  readonly reportDirectory?: string | undefined
  /** Default 60 000. */
  readonly timeoutMs?: number | undefined
}

/**
 * A suite with one test: no interleaving of the sessions is wrong.
 *
 * A wrong one fails the test with what happened, in the fewest statements. It is saved under
 * `<reportDirectory>/<name>/counterexamples/`: `interleaving.json` for a replay, `interleaving.md` with a sequence diagram.
 */
export function describeInterleavings(name: string, options: InterleavingSuiteOptions): void {
  describe(name, () => {
    test('no interleaving of the sessions is wrong', { timeout: options.timeoutMs ?? 60_000 }, async () => {
      const found = await wrongInterleaving(name, options)
      expect(found, found).toBeUndefined()
    })
  })
}

/**
 * What `describeInterleavings` says of its sessions: undefined, or what is wrong and where it is saved.
 *
 * @throws As `exploreInterleavings` does; {InputError} where the file to replay cannot be read.
 */
export async function wrongInterleaving(name: string, options: InterleavingSuiteOptions): Promise<string | undefined> {
  const cluster = await useCluster()
  const folder = join(options.reportDirectory ?? 'reports', safeFolderName(name), 'counterexamples')
  const file = join(folder, 'interleaving.json')
  const replayed = options.replay ?? fileOfSuite(process.env.GODWIT_INTERLEAVING, safeFolderName(name))
  if (replayed !== undefined) {
    const shown = await replayInterleaving(cluster, options, await readSaved(replayed))
    return shown === undefined ? undefined : messageOf(shown, replayed)
  }
  const { counterexample } = await exploreInterleavings(cluster, options)
  if (counterexample === undefined) return undefined
  await replaceFile(file, renderInterleaving(counterexample))
  await replaceFile(join(folder, 'interleaving.md'), renderInterleavingPage(name, counterexample, replayLine(file)))
  return messageOf(counterexample, file)
}

/** One variable for all suites of a run: it means the suite in whose folder the file is. */
function fileOfSuite(file: string | undefined, folder: string): string | undefined {
  return file?.split(/[\\/]/).at(-3) === folder ? file : undefined
}

async function readSaved(file: string): Promise<Counterexample> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InputError(`cannot read "${file}"`, { cause, hint: 'Name an interleaving.json that a spec saved.' })
  })
  return parseInterleaving(text)
}

function messageOf(counterexample: Counterexample, file: string): string {
  const { violation, sessions } = counterexample
  const levels = Object.entries(sessions).map(([name, plan]) => `${name} (${'isolation' in plan ? plan.isolation : ''})`)
  return [
    violation.message,
    '',
    ...interleavingLines(counterexample),
    '',
    `Sessions: ${levels.join(', ')}. Once more: ${replayLine(file)}`,
  ].join('\n')
}

function replayLine(file: string): string {
  return `GODWIT_INTERLEAVING=${/^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`} npx vitest run`
}
