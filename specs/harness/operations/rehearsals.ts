import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { readPair } from '../../../harness/formats/index.ts'
import {
  type Copy,
  learnMigrations,
  migrationsIn,
  openUrlCopy,
  type Rehearsal,
  type RehearseOptions,
  rehearse,
  type VerifiedLearned,
} from '../../../harness/operations/index.ts'
import type { startCluster } from '../../../harness/postgres/index.ts'

/** A pair on disk, with what generated rows have taught of it. */
export interface LearnedPair {
  readonly migration: Awaited<ReturnType<typeof readPair>>
  readonly verified: VerifiedLearned
}

/** Write a pair below a folder. */
export async function writePair(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

/** Verify a pair on the cluster of the specs. */
export async function learnPair(folder: string, runs = 5): Promise<LearnedPair> {
  const shared = await useCluster()
  const borrowed = { ...shared, stop: async () => undefined, [Symbol.asyncDispose]: async () => undefined }
  const hooks = { startCluster: (async () => borrowed) as unknown as typeof startCluster }
  const [verified] = await learnMigrations([folder], { runs, seed: 'rehearsals' }, hooks)
  if (verified === undefined) throw new Error(`nothing was verified in ${folder}`)
  return { migration: await readPair(folder), verified }
}

/** Rehearse a pair on a copy, with the defaults of the command. */
export async function rehearseOn(
  { migration, verified }: LearnedPair,
  copy: Copy,
  more: Partial<RehearseOptions> = {},
): Promise<Rehearsal> {
  const source = { kind: 'pairs', format: 'pair', migrations: [{ migration, path: migration.path }] } as const
  const [reach] = migrationsIn([source], new Set([migration.name]))
  if (reach === undefined) throw new Error('the pair has no migration')
  return rehearse({
    migration,
    reach,
    verified,
    copy,
    windowMs: 15 * 60_000,
    showValues: false,
    growth: false,
    allowForeignWrites: false,
    failOn: undefined,
    signal: new AbortController().signal,
    say: () => undefined,
    ...more,
  })
}

/** The same on a database by its URL. */
export async function rehearseAt(pair: LearnedPair, url: string, more: Partial<RehearseOptions> = {}): Promise<Rehearsal> {
  await using copy = await openUrlCopy(url)
  return await rehearseOn(pair, copy, more)
}
