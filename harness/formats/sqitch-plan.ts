import { InputError } from '../errors.ts'

export interface SqitchChange {
  readonly name: string
  /** Changes of this project that it requires, with their tag if one is named. */
  readonly requires: readonly string[]
  readonly conflicts: readonly string[]
  /** Tags that stand right after it. */
  readonly tags: readonly string[]
  readonly line: number
}

export interface SqitchPlan {
  readonly project: string
  readonly changes: readonly SqitchChange[]
}

/**
 * Read `sqitch.plan`: changes and tags in the order in which they are deployed. A name that stands again after a tag is a rework.
 *
 * @throws {InputError} For what sqitch refuses: lines it does not know, names twice without a tag between, what is required standing later
 *   (so cycles too) or nowhere.
 * @see https://sqitch.org/docs/manual/sqitchplan/ and the chapter "Format" of sqitch's App::Sqitch::Plan
 */
export function readSqitchPlan(shown: string, text: string): SqitchPlan {
  let project = ''
  const changes: (SqitchChange & { readonly tags: string[] })[] = []
  const refuse = (line: number, because: string, hint?: string): never => {
    throw new InputError(`${shown}:${line}: ${because}`, { hint })
  }
  for (const [at, whole] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = at + 1
    const content = whole.replace(/(^|\s)#.*$/, '').trim()
    if (content === '') continue
    const pragma = /^%\s*([\w-]+)\s*(?:=\s*(.*))?$/.exec(content)
    if (pragma !== null) {
      if (pragma[1] === 'project') project = pragma[2]?.trim() ?? ''
      continue
    }
    const tag = /^@(\S+)/.exec(content)?.[1]
    const last = changes.at(-1)
    if (tag !== undefined) {
      if (last === undefined) return refuse(line, `the tag "@${tag}" stands before any change`)
      if (changes.some((change) => change.tags.includes(tag))) refuse(line, `the tag "@${tag}" stands twice`)
      last.tags.push(tag)
      continue
    }
    const match = /^[+]?\s*([^\s[\]@#:%]+)\s*(?:\[([^\]]*)\])?\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?\s*(.*)$/.exec(content)
    const name = match?.[1]
    if (match === null || name === undefined || (match[3] === undefined && match[4] !== '')) {
      return refuse(line, 'is no line of a plan', 'A change is: name [requires] 2026-01-31T12:00:00Z Name <mail> # note')
    }
    const dependencies = (match[2] ?? '').split(/\s+/).filter((each) => each !== '')
    const own = (each: string) => localName(each, project)
    changes.push({
      name,
      requires: dependencies.filter((each) => !each.startsWith('!')).flatMap((each) => own(each.replace(/^:/, '')) ?? []),
      conflicts: dependencies.filter((each) => each.startsWith('!')).flatMap((each) => own(each.slice(1)) ?? []),
      tags: [],
      line,
    })
  }
  checkPlan(changes, refuse)
  return { project, changes }
}

/** Undefined for a change of another project. */
function localName(dependency: string, project: string): string | undefined {
  const [, other, name = dependency] = /^([^:]+):(.*)$/.exec(dependency) ?? []
  return other === undefined || other === project ? name : undefined
}

function checkPlan(changes: readonly SqitchChange[], refuse: (line: number, because: string, hint?: string) => never): void {
  for (const [at, change] of changes.entries()) {
    const before = changes.slice(0, at)
    const earlier = before.findLastIndex(({ name }) => name === change.name)
    if (earlier >= 0 && !before.slice(earlier).some(({ tags }) => tags.length > 0)) {
      refuse(
        change.line,
        `"${change.name}" stands twice without a tag between`,
        'A change is reworked only after a tag: sqitch tag, then sqitch rework.',
      )
    }
    for (const required of change.requires) {
      const [name = '', tag] = required.split('@')
      const matches = ({ name: other, tags }: SqitchChange) => (name === '' ? tags.includes(tag ?? '') : other === name)
      if (before.some(matches)) continue
      const later = changes.slice(at).find(matches)
      if (later === undefined) refuse(change.line, `"${change.name}" requires "${required}", which is not in the plan`)
      else if (later === change) refuse(change.line, `"${change.name}" requires itself`)
      else if (later.requires.includes(change.name)) refuse(change.line, `"${change.name}" and "${later.name}" require each other`)
      else refuse(change.line, `"${change.name}" requires "${required}", which stands later, on line ${later.line}`)
    }
  }
}
