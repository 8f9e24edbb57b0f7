import { hintFor } from '../../../harness/environment/hint-for.ts'
import type { Environment, EnvironmentRequest } from '../../../harness/environment/model.ts'
import { prepareEnvironment } from '../../../harness/environment/prepare-environment.ts'
import { applyStep, parseScript, type Script } from '../../../harness/migration/index.ts'
import type { Cluster, Database } from '../../../harness/postgres/index.ts'

/** Scripts named `1.sql`, `2.sql`, … */
export function scriptsOf(...texts: readonly string[]): readonly Script[] {
  return texts.map((text, index) => parseScript(`${index + 1}.sql`, text))
}

/** A prepared database on which the scripts ran in order, each on its own connection, up to the first that failed. */
export interface Applied extends AsyncDisposable {
  readonly environment: Environment
  readonly database: Database
  /** `1.sql:3 42P01 …`, or undefined. */
  readonly failure: string | undefined
  readonly hint: string | undefined
}

export async function applyIn(
  cluster: Cluster,
  scripts: readonly Script[],
  request: Omit<EnvironmentRequest, 'scripts'> = {},
): Promise<Applied> {
  const environment = await prepareEnvironment(cluster, { ...request, scripts })
  const database = await cluster.clone(environment.template)
  const { role, settings } = environment
  const done = { environment, database, [Symbol.asyncDispose]: () => database.drop() }
  for (const script of scripts) {
    await using session = await database.connect({ as: role === undefined ? 'superuser' : { role }, settings })
    const outcome = await applyStep(session, { kind: 'sql', script: environment.adapt(script) })
    if (outcome.outcome === 'applied') continue
    const { failure } = outcome
    const { file, line, sqlstate, message } = failure
    return { ...done, failure: `${file}:${line} ${sqlstate} ${message}`, hint: hintFor(failure, environment) }
  }
  return { ...done, failure: undefined, hint: undefined }
}
