import type { Cluster } from '../postgres/index.ts'
import type { Environment, EnvironmentRequest } from './model.ts'
import { planEnvironment } from './plan-environment.ts'

/**
 * Make what a history finds on its own platform before its first step: preludes, roles, extensions and what stands in for them.
 *
 * @throws {InputError} When a prelude cannot be read or fails, with file, line and SQLSTATE; when an extension cannot be made.
 * @throws {EnvironmentError} When a built-in prelude is wanted and the harness is no superuser.
 */
export async function prepareEnvironment(cluster: Cluster, request: EnvironmentRequest): Promise<Environment> {
  const plan = await planEnvironment(cluster, request)
  const template = await cluster.template(`environment\u0000${plan.key}`, plan.build)
  return { ...plan, template }
}
