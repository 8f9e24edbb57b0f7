import { distance } from 'fastest-levenshtein'
import type * as z from 'zod'
import { InputError } from '../errors.ts'
import type { Config } from './model.ts'
import { configSchema } from './schema.ts'

/**
 * Check a value against `Config`.
 *
 * @param shown  The file, as messages name it.
 * @throws {InputError} with the file, the key, and what was expected there; an unknown key gets the one that was meant.
 */
export function checkConfig(value: unknown, shown: string): Config {
  const checked = configSchema.safeParse(value)
  // What may be left out may also be undefined, which Contract alone does not say.
  if (checked.success) return checked.data as Config
  const problems = checked.error.issues.flatMap(problemsOf)
  const [first, ...more] = problems
  throw new InputError(`"${shown}": ${first ?? 'is not a configuration'}`, {
    detail:
      more.length === 0 ? undefined : `And further: ${more.slice(0, 5).join('; ')}${more.length > 5 ? `; ${more.length - 5} more` : ''}.`,
    hint: 'Every key is explained in docs/configuration.md.',
  })
}

function problemsOf(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, issue.path))
  const at = issue.path.reduce<string>(appendStep, '')
  return [`${at === '' ? '' : `${at}: `}${wordsOf(issue)}`]
}

function wordsOf(issue: z.core.$ZodIssue): string {
  const words = issue.message.replace(/^(Invalid input|Invalid option|Too (?:big|small)): /, '')
  const lower = `${words.charAt(0).toLowerCase()}${words.slice(1)}`
  return lower.replace(/^expected (\w+), received undefined$/, 'is missing (expected $1)')
}

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  const known = keysAt(path)
  const [closest] = known
    .map((each) => ({ each, far: distance(key.toLowerCase(), each.toLowerCase()) }))
    .filter(({ far }) => far <= Math.max(2, Math.floor(key.length / 3)))
    .sort((left, right) => left.far - right.far)
  const guess = closest === undefined ? '' : ` (did you mean "${closest.each}"?)`
  return `unknown key "${[...path, key].reduce<string>(appendStep, '')}"${guess}`
}

/** The keys that the schema has where a path leads. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = configSchema
  for (const step of path) schema = stepInto(bare(schema), step)
  const { shape } = (bare(schema) ?? {}) as { readonly shape?: object }
  return Object.keys(shape ?? {})
}

/** Inside what is only optional. */
function bare(schema: unknown): unknown {
  const inner = (schema as { readonly def?: { readonly innerType?: unknown } } | undefined)?.def?.innerType
  return inner === undefined ? schema : bare(inner)
}

function stepInto(schema: unknown, step: PropertyKey): unknown {
  const { shape, def } = (schema ?? {}) as {
    readonly shape?: Readonly<Record<PropertyKey, unknown>>
    readonly def?: { readonly element?: unknown; readonly valueType?: unknown }
  }
  return shape?.[step] ?? def?.element ?? def?.valueType
}

function appendStep(path: string, step: PropertyKey): string {
  if (typeof step === 'number') return `${path}[${step}]`
  const name = String(step)
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`
  return path === '' ? name : `${path}.${name}`
}
