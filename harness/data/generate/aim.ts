import type { AttributePlan } from '../plan/model.ts'

/** What some rows of a data set are to be like; as far as that is legal. Relations by their paths, attributes by bare names. */
export type Aim =
  /** A row with one of these values in each of these attributes; `fresh` asks for one that no other row has. */
  | { readonly kind: 'cells'; readonly relation: string; readonly cells: Readonly<Record<string, readonly AimedCell[]>> }
  /** Two rows equal in some attributes and different in others. */
  | { readonly kind: 'alike'; readonly relation: string; readonly same: readonly string[]; readonly differ: readonly string[] }
  /** So many rows. */
  | { readonly kind: 'rows'; readonly relation: string; readonly rows: number }

export type AimedCell = string | null | { readonly fresh: true }

/** All values that the server was asked about and found legal. */
export function valuesOf(pools: AttributePlan['pools'], literals: readonly string[] = []): readonly string[] {
  return [...(pools.plausible ?? []), ...pools.edges, ...pools.extremes, ...(pools.bands ?? []), ...pools.vector, ...literals]
}
