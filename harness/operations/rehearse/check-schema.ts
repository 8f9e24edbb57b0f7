import type { Catalog, Relation } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import { shownName } from '../../postgres/index.ts'
import { foreignLeavesOf } from '../foreign/foreign-tables.ts'

/** What verification has learned of the schema, before and after the migration. */
export interface KnownSchemas {
  readonly legacy: Catalog
  readonly migrated: Catalog
  /** Paths of the legacy relations that the migration writes, alters or reads. */
  readonly relations: ReadonlySet<string>
}

const MOST_NAMED = 5

/**
 * Refuse a copy that is not in the state just before the migration.
 *
 * @returns What it has beside that and is not compared, in sentences.
 * @throws {InputError} When the migration has run on it already, or tables, columns or keys are missing.
 */
export function checkSchema(place: string, copy: Catalog, known: KnownSchemas): readonly string[] {
  const made = without(thingsOf(known.migrated), thingsOf(known.legacy))
  const dropped = without(thingsOf(known.legacy), thingsOf(known.migrated))
  const there = thingsOf(copy)
  const madeThere = [...made].filter((each) => there.has(each))
  const droppedThere = [...dropped].filter((each) => there.has(each))
  if (made.size + dropped.size > 0 && madeThere.length === made.size && droppedThere.length === 0)
    throw new InputError(`the migration has already run on ${place}`, {
      detail: `${namesText(madeThere.length > 0 ? madeThere : [...dropped])} ${madeThere.length > 0 ? 'is there already' : 'is gone already'}.`,
      hint: 'Take a fresh copy of the database as it is before the migration.',
    })
  if (madeThere.length > 0)
    throw new InputError(`a part of the migration has already run on ${place}`, {
      detail: `${namesText(madeThere)} is there already.`,
      hint: 'Take a fresh copy of the database as it is before the migration.',
    })
  const missing = [...wantedOf(known, copy)].filter((each) => !there.has(each))
  if (missing.length > 0)
    throw new InputError(`${place} is not the database that the migration is for, or it is half restored`, {
      detail: `Missing: ${namesText(missing)}.`,
      hint: 'Compare the copy with the legacy schema of the migration, and restore it again without errors.',
    })
  return [...extraColumns(copy, known), ...lackingDefinitions(copy, known)]
}

function without(all: ReadonlySet<string>, some: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...all].filter((each) => !some.has(each)))
}

/** Tables, their columns with types, and their primary keys, as texts. */
function thingsOf(catalog: Catalog): ReadonlySet<string> {
  return new Set([...catalog.relations].flatMap(([path, relation]) => partsOf(path, relation)))
}

function wantedOf({ legacy, relations }: KnownSchemas, copy: Catalog): ReadonlySet<string> {
  return new Set(
    [...legacy.relations].flatMap(([path, relation]) => {
      if (!relations.has(path)) return []
      // PostgreSQL lets no foreign table have a key, nor a table with foreign partitions.
      const isForeign = foreignLeavesOf(copy, path).length > 0
      return partsOf(path, isForeign ? { ...relation, constraints: [] } : relation)
    }),
  )
}

function partsOf(path: string, relation: Relation): readonly string[] {
  const name = shownName(path)
  const key = relation.constraints.find(({ kind }) => kind === 'primary-key')
  return [
    `table ${name}`,
    ...relation.attributes.map((each) => `column ${name}.${each.name} (${each.type})`),
    ...(key === undefined ? [] : [`primary key of ${name} (${key.attributes.join(', ')})`]),
  ]
}

function extraColumns(copy: Catalog, { legacy, relations }: KnownSchemas): readonly string[] {
  return [...relations].flatMap((path) => {
    const known = new Set(legacy.relations.get(path)?.attributes.map(({ name }) => name))
    const extra = (copy.relations.get(path)?.attributes ?? []).filter(({ name }) => !known.has(name))
    return extra.map(({ name }) => `${path}.${name}: the copy has this column, and the legacy schema of the migration does not.`)
  })
}

/** What a dump restores last, so that a copy that was restored in part lacks it; a real database may lack it too. */
function lackingDefinitions(copy: Catalog, { legacy, relations }: KnownSchemas): readonly string[] {
  return [...relations].flatMap((path) => {
    const [wanted, found] = [legacy.relations.get(path), copy.relations.get(path)]
    if (wanted === undefined || found === undefined) return []
    const there = new Set(definitionsOf(found).keys())
    return [...definitionsOf(wanted)].flatMap(([key, text]) =>
      there.has(key)
        ? []
        : [
            `What the ${text} of ${shownName(path)} does: the copy lacks it, and the legacy schema of the migration has it. Was the copy restored in part?`,
          ],
    )
  })
}

/** Beside its primary key: by what it does, since names differ between databases; with a text for people. */
function definitionsOf({ constraints, indexes, triggers }: Relation): ReadonlyMap<string, string> {
  const definitions = new Map<string, string>()
  for (const { kind, name, attributes, references } of constraints) {
    if (kind === 'foreign-key') definitions.set(JSON.stringify([kind, attributes, references]), `foreign key (${attributes.join(', ')})`)
    if (kind === 'check') definitions.set(JSON.stringify([kind, name]), `check "${name}"`)
  }
  for (const { primary, unique, expressions, predicate, exclusion } of indexes)
    if (!primary)
      definitions.set(
        JSON.stringify([unique, exclusion, expressions, predicate]),
        `${unique ? 'unique ' : ''}index (${expressions.join(', ')})`,
      )
  for (const { name } of triggers) definitions.set(JSON.stringify(['trigger', name]), `trigger "${name}"`)
  return definitions
}

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED)
  return `${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`
}
