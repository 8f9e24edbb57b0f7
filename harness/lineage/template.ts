/** How a text is put together: what stands before, between and after the parts, in their order. */
export interface Template {
  /** Positions in the list of parts. */
  readonly order: readonly number[]
  /** One more than parts. */
  readonly literals: readonly string[]
}

/** Templates by which of the parts are NULL. */
export type Templates = ReadonlyMap<string, Template>

export interface Composed {
  readonly whole: string
  readonly parts: readonly (string | null)[]
}

/** Learn how the wholes are put together from their parts; for each pattern of NULLs that two rows or more show alike, without exception. */
export function learnTemplates(rows: readonly Composed[]): Templates {
  const byMask = new Map<string, Composed[]>()
  for (const row of rows) {
    const mask = maskOf(row.parts)
    const list = byMask.get(mask)
    if (list === undefined) byMask.set(mask, [row])
    else list.push(row)
  }
  const templates = new Map<string, Template>()
  for (const [mask, group] of byMask) {
    if (group.length < 2) continue
    const found = group
      .slice(0, 8)
      .map(templateOf)
      .find((template) => template !== undefined && group.every(({ whole, parts }) => assemble(template, parts) === whole))
    if (found !== undefined) templates.set(mask, found)
  }
  return templates
}

/** Which parts are there. */
export function maskOf(parts: readonly (string | null)[]): string {
  return parts.map((part) => (part === null ? '0' : '1')).join('')
}

export function assemble(template: Template, parts: readonly (string | null)[]): string {
  return template.order.reduce(
    (text, part, at) => text + (parts[part] ?? '') + (template.literals[at + 1] ?? ''),
    template.literals[0] ?? '',
  )
}

/** Undefined where the parts are not found one after the other, each in one place only. */
function templateOf({ whole, parts }: Composed): Template | undefined {
  const found = parts.flatMap((part, at) => (part === null ? [] : [{ at, part, from: whole.indexOf(part) }]))
  if (found.some(({ part, from }) => part === '' || from < 0 || whole.lastIndexOf(part) !== from)) return undefined
  const sorted = [...found].sort((left, right) => left.from - right.from)
  const literals: string[] = []
  let end = 0
  for (const { part, from } of sorted) {
    if (from < end) return undefined
    literals.push(whole.slice(end, from))
    end = from + part.length
  }
  return { order: sorted.map(({ at }) => at), literals: [...literals, whole.slice(end)] }
}
