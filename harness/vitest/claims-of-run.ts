import { type ClaimResult, declaredClaims, judgeClaims, type MigrationResult } from '../result/index.ts'
import type { GatheredOutcome } from './spec-outcomes.ts'

/** What one spec file verified with `describeMigration`, and how its tests ended. */
export interface FileOutcomes {
  readonly file: string
  readonly migrations: readonly MigrationResult[]
  readonly outcomes: readonly GatheredOutcome[]
}

export interface ClaimsOfRun {
  /** Of migrations with claims. */
  readonly claims: ReadonlyMap<MigrationResult, readonly ClaimResult[]>
  /** Ids that `claim` names and that belong to no migration of the run, with the file. */
  readonly homeless: readonly { readonly file: string; readonly id: string }[]
}

/**
 * Judge the claims of all migrations of a run of specs.
 *
 * A test counts for the migrations of its own file where one of them names its claim. Else it counts for every migration of the run that does.
 * A claim that nobody declares, and that `claim` tests, is added to the migration of the file, where that is one.
 */
export function claimsOfRun(files: readonly FileOutcomes[]): ClaimsOfRun {
  const all = files.flatMap(({ migrations }) => migrations)
  const homeless = new Map<string, { readonly file: string; readonly id: string }>()
  const claims = new Map(all.map((migration): [MigrationResult, ClaimResult[]] => [migration, [...(migration.claims ?? [])]]))
  const named = (migration: MigrationResult, id: string) => names(claims.get(migration) ?? [], id)
  for (const { file, migrations, outcomes } of files)
    for (const { ids, claimText } of outcomes)
      for (const id of ids) {
        if (claimText === undefined || all.some((each) => named(each, id))) continue
        const [only, ...others] = migrations
        if (only === undefined || others.length > 0) homeless.set(JSON.stringify([file, id]), { file, id })
        else claims.get(only)?.push(...declaredClaims([{ id, text: claimText }]))
      }
  const counted = new Map(all.map((migration) => [migration, [] as GatheredOutcome[]] as const))
  for (const { migrations, outcomes } of files)
    for (const outcome of outcomes) {
      const { ids } = outcome
      const isOwn = ids.length === 0 || migrations.some((each) => ids.some((id) => named(each, id)))
      for (const each of migrations.length > 0 && isOwn ? migrations : all) counted.get(each)?.push(outcome)
    }
  const judged = [...claims].flatMap(([migration, own]) =>
    own.length === 0 ? [] : [[migration, judgeClaims(own, migration, { specs: counted.get(migration) ?? [] })] as const],
  )
  return { claims: new Map(judged), homeless: [...homeless.values()] }
}

/** Whether a claim has this id, or rests on tests that do. */
function names(claims: readonly ClaimResult[], id: string): boolean {
  return claims.some((each) => each.id === id || each.restsOn.some(({ on, name }) => on === 'spec' && name === id))
}
