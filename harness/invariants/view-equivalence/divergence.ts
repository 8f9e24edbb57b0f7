import type { Divergence, ShownDivergence } from './model.ts'

/** What makes two divergences one. */
export function divergenceKey({ divergence, statements, at }: Pick<ShownDivergence, 'divergence' | 'statements' | 'at'>): string {
  return JSON.stringify([divergence.kind, divergence.attribute ?? null, objectOf(divergence, statements[at]) ?? null])
}

/** What else than an attribute a divergence is about. */
export function objectOf(divergence: Divergence, statement: ShownDivergence['statements'][number] | undefined): string | undefined {
  if (divergence.kind === 'sqlstate' || divergence.kind === 'constraint') {
    const [table, view] = divergence.sqlstates
    if (table !== undefined) return divergence.constraint ?? table
    return `${statement === undefined ? 'SELECT' : verbOf(statement)}: ${view}`
  }
  if (divergence.other !== undefined) return divergence.other
  return divergence.attribute === undefined && statement !== undefined ? verbOf(statement) : undefined
}

/** The kind of write or read that a statement comes down to. */
export function verbOf({ form, parts }: { readonly form: string; readonly parts: readonly string[] }): string {
  if (form === 'update key') return 'UPDATE of the key'
  if (form === 'insert on conflict') return 'INSERT … ON CONFLICT'
  if (form === 'select for update') return 'SELECT … FOR UPDATE'
  const text = form === 'savepoint' ? (parts.findLast((part) => !part.includes('SAVEPOINT')) ?? '') : (parts[0] ?? '')
  const inner = /^(?:WITH written AS \(|PREPARE client \(.*?\) AS )(.*)$/s.exec(text)?.[1] ?? text
  return /^\w+/.exec(inner)?.[0].toUpperCase() ?? form
}
