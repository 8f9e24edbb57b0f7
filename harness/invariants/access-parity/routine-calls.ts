import type { Step } from '../../migration/index.ts'
import { mentionsName, quoteIdentifier, type Session } from '../../postgres/index.ts'
import { type AccessState, type Call, everybody } from './model.ts'
import { tryAll } from './try-all.ts'

const mostRoutines = 12
const mostRoles = 4

/** A value of each type that is simple to give. */
const samples: Readonly<Record<string, string>> = {
  smallint: '1',
  integer: '1',
  bigint: '1',
  numeric: '1',
  boolean: 'true',
  text: "'a'",
  'character varying': "'a'",
  uuid: "'00000000-0000-4000-8000-000000000001'",
  date: "'2024-01-01'",
}

/** Functions that the step names, each called as every role that may execute it, with no arguments or simple ones; undone at once. */
export async function callRoutines(
  session: Session,
  access: AccessState,
  step: Step,
  { roles, stranger }: { readonly roles: readonly string[]; readonly stranger: string },
): Promise<readonly Call[]> {
  if (step.kind === 'program') return []
  const planned = [...access.routines.values()]
    .flatMap(({ path, trigger, callers, owner }) => {
      const sql = trigger ? undefined : callOf(path, step.script.text)
      const own = [...roles.slice(0, mostRoles), everybody].filter(
        (role) => role !== owner && (callers.includes(role) || callers.includes(everybody)),
      )
      return sql === undefined ? [] : [{ path, sql, roles: own }]
    })
    .slice(0, mostRoutines)
    .flatMap(({ path, sql, roles: own }) => own.map((role) => ({ role, path, sql })))
  const answers = await tryAll(
    session,
    planned.map(({ role, sql }) => ({ role: role === everybody ? stranger : role, settings: {}, sql, answers: false })),
  )
  return planned.map((call, at) => {
    const answer = answers[at]
    return { ...call, error: answer !== undefined && 'sqlstate' in answer ? answer : undefined }
  })
}

function callOf(path: string, text: string): string | undefined {
  const parts = /^((?:"[^"]*"|[^".(])+)\.((?:"[^"]*"|[^".(])+)\((.*)\)$/.exec(path)
  const [, schema = '', name = '', list = ''] = parts ?? []
  const bare = (part: string) => part.replaceAll('"', '')
  if (parts === null || !mentionsName(text, bare(name))) return undefined
  const given = list === '' ? [] : list.split(', ').map((type) => (samples[type] === undefined ? undefined : `${samples[type]}::${type}`))
  if (given.includes(undefined)) return undefined
  return `SELECT * FROM ${quoteIdentifier(bare(schema))}.${quoteIdentifier(bare(name))}(${given.join(', ')})`
}
