import type { TestProject } from 'vitest/node'
import { type ClusterAddress, parseClusterRequest, startCluster } from '../postgres/index.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly godwitCluster: ClusterAddress
  }
}

/** One cluster for all of Vitest's workers: `GODWIT_POSTGRES` says which, in the syntax of `--postgres`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster(parseClusterRequest(process.env.GODWIT_POSTGRES))
  project.provide('godwitCluster', cluster.address)
  return () => cluster.stop()
}
