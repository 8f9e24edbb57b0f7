import { readFile } from 'node:fs/promises'
import { InputError } from '../../errors.ts'
import { decodeSource } from '../../formats/index.ts'
import { parseScript, type Script } from '../../migration/index.ts'
import type { EnvironmentRequest } from '../model.ts'
import type { Prelude } from './prelude.ts'
import { preludes } from './registry.ts'

/**
 * The preludes that a request asks for: by its platform, by name, by file.
 *
 * @throws {InputError} When a file cannot be read; for what looks like a name and is none.
 */
export async function readPreludes({
  platform,
  prelude,
}: Pick<EnvironmentRequest, 'platform' | 'prelude'>): Promise<{ readonly builtIn: readonly Prelude[]; readonly files: readonly Script[] }> {
  const given = prelude === undefined ? [] : typeof prelude === 'string' ? [prelude] : prelude
  const names = new Set([...(platform === undefined ? [] : [platform]), ...given.filter((each) => preludes.has(each))])
  const files: Script[] = []
  for (const file of given.filter((each) => !preludes.has(each))) files.push(await readPrelude(file))
  return { builtIn: [...names].flatMap((name) => preludes.get(name) ?? []), files }
}

async function readPrelude(file: string): Promise<Script> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new InputError(`the prelude "${file}" cannot be read`, {
      hint: /[./\\]/.test(file) ? undefined : `The built-in preludes are: ${[...preludes.keys()].join(', ')}.`,
      cause,
    })
  })
  return parseScript(file, decodeSource(file, bytes))
}
