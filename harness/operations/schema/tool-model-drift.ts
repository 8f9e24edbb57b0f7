import { stripVTControlCharacters } from 'node:util'
import { prepareEnvironment } from '../../environment/index.ts'
import { InputError } from '../../errors.ts'
import { type CommandEnd, type CommandSource, environmentOf, runCommand } from '../../formats/index.ts'
import { shownPath } from '../../migration/index.ts'
import { type Cluster, startCluster } from '../../postgres/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import type { ModelDrift } from './model-drift.ts'

export interface ToolModelRequest {
  readonly options: VerifyOptions
  readonly hooks: VerifyHooks
}

/**
 * Let a tool that runs programs apply its steps to an empty database, and say itself whether its model is what they have made.
 *
 * @throws {InputError} When the tool cannot say it.
 */
export async function toolModelDrift(source: CommandSource, request: ToolModelRequest): Promise<ModelDrift> {
  const { signal } = request.hooks
  comparisonOf(source)
  await using cluster = await startCluster({ kind: 'embedded' }, signal === undefined ? {} : { signal })
  return await toolModelDriftOn(cluster, source, request)
}

/** The same on a server that runs already. */
export async function toolModelDriftOn(cluster: Cluster, source: CommandSource, { options, hooks }: ToolModelRequest): Promise<ModelDrift> {
  const { command, name = command, same, differs } = comparisonOf(source)
  const environment = await prepareEnvironment(cluster, { scripts: [], prelude: options.prelude, runAs: options.runAs })
  await using database = await cluster.clone(environment.template)
  const directory = source.directory ?? '.'
  const run = (given: string) =>
    runCommand({ command: given, directory, environment: environmentOf(source, database.url({ as: 'owner' })), signal: hooks.signal })
  const about = { model: source.tool ?? 'model', files: shownPath(directory), steps: undefined, comparedBy: name }
  const applied = await run(source.up)
  hooks.signal?.throwIfAborted()
  if (applied.code !== 0)
    return { ...about, differences: [], unknown: [`"${source.up}" ended with an error: ${wordsOf(applied).join('\n')}`] }
  const compared = await run(command)
  hooks.signal?.throwIfAborted()
  const words = wordsOf(compared)
  // Neither in the output: nothing was compared, whatever the exit code says.
  if (differs.test(words.join('\n')))
    return { ...about, differences: words.map((what) => ({ object: `model ${about.model}`, what })), unknown: [] }
  if (same.test(words.join('\n')) && compared.code === 0) return { ...about, differences: [], unknown: [] }
  return { ...about, differences: [], unknown: [`"${name}" does not say whether they are the same: ${words.join('\n')}`] }
}

function comparisonOf({ model, tool = 'command' }: CommandSource): NonNullable<CommandSource['model']> {
  if (model !== undefined) return model
  throw new InputError(`${tool} has no model that it could hold against its migrations`, {
    hint: 'Alembic, Django, MikroORM and TypeORM have one; of Prisma and drizzle-kit name the file behind --model.',
  })
}

/** What a tool wrote, without colours, rules, and what it logs beside. */
function wordsOf({ output }: CommandEnd): readonly string[] {
  return stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '' && !/^(INFO\b|[-─=]{3,}$|ts-node not installed)/.test(line))
}
