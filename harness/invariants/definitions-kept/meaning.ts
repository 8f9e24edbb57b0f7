import type { Relation } from '../../catalog/index.ts'
import { pathOf } from '../../postgres/index.ts'
import { withoutCasts } from '../backward-compatibility/constraint-changes.ts'
import type { Heir } from './heirs.ts'

/** Texts of legacy definitions, as they read where relations and attributes have the names that they have after `up`. */
export class Translation {
  readonly #relations: readonly (readonly [RegExp, string])[]

  constructor(heirs: ReadonlyMap<string, Heir>) {
    this.#relations = [...heirs.values()].flatMap(({ legacy, now }) =>
      pathOf(legacy) === pathOf(now) ? [] : [[wholeName(sqlName(legacy)), sqlName(now)] as const],
    )
  }

  /** A definition, as the server would write it now if it had been kept. */
  translate(text: string, heir: Heir): string {
    // All at once, so that two tables that trade names do not become one.
    const marked = this.#relations.reduce((sum, [from], at) => sum.replace(from, `\u0000${at}\u0000`), renamed(text, heir))
    return this.#relations.reduce((sum, [, to], at) => sum.replaceAll(`\u0000${at}\u0000`, to), marked)
  }

  /** What a definition says, whatever it is called and whatever casts and parentheses the server writes. */
  meaning(text: string, heir: Heir): string {
    return meaningOf(this.translate(text, heir))
  }
}

/** What a definition says, without its own name. */
export function meaningOf(definition: string): string {
  return withoutCasts(
    definition
      .replace(/^CREATE (CONSTRAINT )?TRIGGER (?:"(?:[^"]|"")*"|\S+)/, 'CREATE $1TRIGGER')
      .replace(/^CREATE RULE (?:"(?:[^"]|"")*"|\S+) AS\s+/, 'CREATE RULE ')
      .replace(/^CREATE STATISTICS (?:"(?:[^"]|"")*"|[^\s".]+|\.)+/, 'CREATE STATISTICS')
      // Tables that are partitioned are named by ONLY.
      .replace(/ ON ONLY /, ' ON '),
  )
}

/** A name as the server writes it in definitions. */
export function sqlName(relation: Pick<Relation, 'schema' | 'name'>): string {
  return [relation.schema, relation.name].map(identifier).join('.')
}

/** An identifier as the server writes it: in quotes where it needs them. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

function renamed(text: string, { attributes }: Heir): string {
  const pairs = [...attributes].filter(([name, seat]) => name !== seat.attribute)
  const marked = pairs.reduce((sum, [name], at) => sum.replace(attributeName(name), `\u0001${at}\u0001`), text)
  return pairs.reduce((sum, [, seat], at) => sum.replaceAll(`\u0001${at}\u0001`, identifier(seat.attribute)), marked)
}

/** `new.total` too. */
function attributeName(name: string): RegExp {
  return new RegExp(`(?<![\\w$"])${escaped(identifier(name))}(?![\\w$"])`, 'g')
}

function wholeName(name: string): RegExp {
  return new RegExp(`(?<![\\w$".])${escaped(name)}(?![\\w$"])`, 'g')
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
