import { inject } from 'vitest'
import { type JoinedCluster, joinCluster } from '../postgres/index.ts'

let joined: Promise<JoinedCluster> | undefined

/** The run's cluster, seen from a spec: one background session for each worker. */
export function useCluster(): Promise<JoinedCluster> {
  joined ??= joinCluster(inject('godwitCluster'))
  return joined
}
