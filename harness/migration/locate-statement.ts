import type { Script, Statement } from './model.ts'
import { type Effect, type StatementTarget, statementTargets } from './statement-targets.ts'

/** What a finding is about, by its legacy path. */
export interface Located {
  /** `public.items`, parts quoted where they hold a dot, as `pathOf` writes it. */
  readonly relation: string
  readonly attribute?: string | undefined
  /** What is known to have happened to it: statements that do that are preferred. */
  readonly effects?: readonly Effect[] | undefined
}

/** How likely a statement with this effect is to be why something is lost or changed. */
const blame: Readonly<Record<Effect, number>> = {
  drop: 9,
  'alter-type': 8,
  truncate: 7,
  update: 6,
  delete: 6,
  copy: 5,
  insert: 4,
  rename: 3,
  constrain: 3,
  create: 2,
  alter: 2,
  privileges: 2,
  read: 1,
}

/**
 * The statement to show with a finding on a relation or attribute: the one that did most to it, an attribute's own statements before those
 * of its relation, the first of equals. Renames on the way are followed.
 */
export function locateStatement(scripts: readonly Script[], wanted: Located): Statement | undefined {
  const names = new KnownNames(wanted)
  let best: { readonly statement: Statement; readonly score: number } | undefined
  for (const statement of scripts.flatMap((script) => script.statements)) {
    const targets = statementTargets(statement)
    for (const target of targets) {
      const score = names.matches(target) ? scoreOf(target, wanted) * names.certainty(target) : 0
      if (score > (best?.score ?? 0)) best = { statement, score }
    }
    for (const target of targets) names.follow(target)
  }
  return best?.statement ?? lastResort(scripts)
}

/** Where none names the relation: the first that may have taken it along, or the only one there is. */
function lastResort(scripts: readonly Script[]): Statement | undefined {
  const statements = scripts
    .flatMap((script) => script.statements)
    .filter(({ node }) => !/^(TransactionStmt|VariableSetStmt|SelectStmt)$/.test(node))
  const taking = statements.find((statement) => statementTargets(statement).some((target) => target.cascades === true))
  return taking ?? (statements.length === 1 ? statements[0] : undefined)
}

function scoreOf(target: StatementTarget, wanted: Located): number {
  const ofAttribute = wanted.attribute !== undefined && target.attribute !== undefined
  // What drops or empties the whole relation takes the attribute with it; what updates other attributes does not concern it.
  const takesAll = target.effect === 'drop' || target.effect === 'truncate' || target.effect === 'delete'
  const weight = blame[target.effect] * (wanted.attribute === undefined || ofAttribute || takesAll ? 10 : 1)
  return weight + (ofAttribute ? 5 : 0) + (wanted.effects?.includes(target.effect) ? 1000 : 0)
}

/** The names that a relation and its attribute go by, as statements rename them. */
class KnownNames {
  #schema: string
  #name: string
  #attribute: string | undefined
  readonly #wantsAttribute: boolean

  constructor(wanted: Located) {
    const [schema = 'public', name = ''] = partsOf(wanted.relation)
    this.#schema = schema
    this.#name = name
    this.#attribute = wanted.attribute
    this.#wantsAttribute = wanted.attribute !== undefined
  }

  matches(target: StatementTarget): boolean {
    if (target.wholeSchema === true) return target.schema === this.#schema
    if (target.name !== this.#name || (target.schema !== undefined && target.schema !== this.#schema)) return false
    return target.attribute === undefined || !this.#wantsAttribute || target.attribute === this.#attribute
  }

  /** A name without its schema is most likely one of `public`. */
  certainty(target: StatementTarget): number {
    return target.schema === undefined && this.#schema !== 'public' ? 0.01 : 1
  }

  follow(target: StatementTarget): void {
    if (target.renamedTo === undefined || !this.matches(target)) return
    if (target.attribute !== undefined) {
      if (this.#wantsAttribute) this.#attribute = target.renamedTo.name
      return
    }
    this.#name = target.renamedTo.name ?? this.#name
    this.#schema = target.renamedTo.schema ?? this.#schema
  }
}

function partsOf(path: string): readonly string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '')
}
