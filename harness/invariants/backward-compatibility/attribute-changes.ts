import type { Attribute, Catalog } from '../../catalog/index.ts'
import { shownName } from '../../postgres/index.ts'
import { withoutCasts } from './constraint-changes.ts'
import type { Facade } from './facade.ts'
import type { InterfaceChange } from './model.ts'

const writes = ['insert', 'update'] as const

/** What became of the attributes of one relation, as far as a client can notice. */
export function attributeChanges(facade: Facade): readonly InterfaceChange[] {
  const gone = facade.legacy.attributes.filter((each) => !facade.attributes.has(each.name))
  const kept = facade.legacy.attributes.flatMap((before) => {
    const after = facade.attributes.get(before.name)
    return after === undefined ? [] : attributeChange(facade, before, after)
  })
  return [...gone.map((each) => attributeGone(facade, each)), ...kept, ...required(facade)]
}

function attributeGone(facade: Facade, { name }: Attribute): InterfaceChange {
  const now = facade.renamed.get(name)
  return {
    what: 'attribute-gone',
    kind: 'fails',
    severity: 'warning',
    relation: facade.path,
    attribute: name,
    operations: ['read', ...writes, 'statement'],
    message: `Queries that name ${shownName(facade.path)}.${name} fail: the column is ${now === undefined ? 'gone' : `named ${now} now`}`,
    hint:
      now === undefined
        ? `Drop ${name} in a later migration, once no client names it.`
        : `Add ${now} beside ${name} and keep both in step, or put a view with the old column names in place of the table.`,
  }
}

function attributeChange(facade: Facade, before: Attribute, after: Attribute): readonly InterfaceChange[] {
  const values = valueChange(facade, before, after)
  if (facade.migrated.kind === 'view' || facade.legacy.kind === 'view') return values
  return [...values, ...nullChange(facade, before, after), ...writeChange(facade, before, after)]
}

/** Values of bigint and numeric do not fit the numbers of many languages, so that drivers give texts. */
function typeHint(path: string, type: string): string {
  const asText = /^(bigint|numeric)/.test(type) ? `Many drivers return ${type.replace(/\(.*/, '')} as a text. ` : ''
  return `${asText}Try the clients against the new type, or add a column of the new type beside ${shownName(path)}.`
}

/** What can be read from it and written to it, by its type. */
function valueChange(facade: Facade, before: Attribute, after: Attribute): readonly InterfaceChange[] {
  const at = { relation: facade.path, attribute: before.name } as const
  const path = `${facade.path}.${before.name}`
  const changes: InterfaceChange[] = []
  const how = typeChange(facade.catalogs.legacy, facade.catalogs.migrated, before, after)
  if (how === 'other')
    changes.push({
      ...at,
      what: 'type',
      kind: 'type',
      severity: 'warning',
      operations: ['read', ...writes],
      message: `Queries get ${shownName(path)} as ${after.type} instead of ${before.type}`,
      hint: typeHint(path, after.type),
    })
  if (how === 'narrower')
    changes.push({
      ...at,
      what: 'narrower',
      kind: 'fails',
      severity: 'warning',
      operations: writes,
      message: `Values that fit ${before.type} and not ${after.type} can no longer be written to ${shownName(path)}`,
      hint: `Narrow ${shownName(path)} once no client writes longer or larger values.`,
    })
  const labels = goneLabels(facade, before, after)
  if (labels.length > 0)
    changes.push({
      ...at,
      what: 'label-gone',
      kind: 'fails',
      severity: 'warning',
      operations: ['read', ...writes],
      message: `Queries that use ${labels.map((each) => `'${each}'`).join(', ')} for ${shownName(path)} fail: ${shownName(after.type)} has no such label now`,
      hint: `Keep ${labels.map((each) => `'${each}'`).join(', ')} in the type until no client uses ${labels.length === 1 ? 'it' : 'them'}.`,
    })
  return changes
}

function nullChange(facade: Facade, before: Attribute, after: Attribute): readonly InterfaceChange[] {
  const at = { relation: facade.path, attribute: before.name } as const
  const path = `${facade.path}.${before.name}`
  const changes: InterfaceChange[] = []
  if (!before.notNull && after.notNull && !wasImplied(facade, before.name))
    changes.push({
      ...at,
      what: 'required',
      kind: 'fails',
      severity: 'warning',
      operations: writes,
      message: `Writes that leave ${shownName(path)} NULL fail: the column is NOT NULL now`,
      hint: `Release clients that fill ${before.name} first. CHECK (${before.name} IS NOT NULL) NOT VALID, validated later, finds the rest.`,
    })
  if (before.notNull && !after.notNull && before.generated === undefined)
    changes.push({
      ...at,
      what: 'nullable',
      kind: 'rows',
      severity: 'info',
      operations: ['read'],
      message: `Queries may read NULL from ${shownName(path)}, which was NOT NULL`,
      hint: `Check that every client can read NULL from ${shownName(path)}.`,
    })
  return changes
}

function writeChange(facade: Facade, before: Attribute, after: Attribute): readonly InterfaceChange[] {
  const locked = notWritable(before, after)
  if (locked === undefined) return defaultChange(facade, before, after)
  return [
    {
      relation: facade.path,
      attribute: before.name,
      what: 'not-writable',
      kind: 'fails',
      severity: 'warning',
      operations: writes,
      message: `Writes that give ${shownName(facade.path)}.${before.name} a value fail: the column is ${locked} now`,
      hint:
        after.identity === 'always'
          ? `Make ${before.name} GENERATED BY DEFAULT AS IDENTITY, which accepts values of clients.`
          : `Release clients that omit ${before.name} first.`,
    },
  ]
}

/** Whether a check of the legacy relation refused NULL already. */
function wasImplied({ legacy }: Facade, attribute: string): boolean {
  return legacy.constraints.some(
    ({ kind, enforced, expression = '' }) =>
      kind === 'check' &&
      enforced &&
      !/\bOR\b/.test(expression) &&
      expression.split(/\bAND\b/).some((part) => part.replaceAll(/[()"\s]+/g, ' ').trim() === `${attribute} IS NOT NULL`),
  )
}

function notWritable(before: Attribute, after: Attribute): string | undefined {
  if (after.generated !== undefined && before.generated === undefined) return 'generated'
  return after.identity === 'always' && before.identity !== 'always' ? 'GENERATED ALWAYS AS IDENTITY' : undefined
}

function defaultChange(facade: Facade, before: Attribute, after: Attribute): readonly InterfaceChange[] {
  if (before.generated !== undefined) return []
  const [old, now] = [filler(before), filler(after)]
  // A default where there was none fills what clients left NULL.
  if (old === now || (old !== undefined && now !== undefined && withoutCasts(old) === withoutCasts(now))) return []
  const path = `${facade.path}.${before.name}`
  const stops = now === undefined && after.notNull
  const stored = now === undefined ? 'NULL' : now
  return [
    {
      relation: facade.path,
      attribute: before.name,
      what: 'default',
      kind: stops ? 'fails' : 'rows',
      severity: old === undefined ? 'info' : stops ? 'error' : 'warning',
      operations: ['insert'],
      message: stops
        ? `INSERTs that omit ${shownName(path)} fail: its default ${old} was dropped`
        : `INSERTs that omit ${shownName(path)} store ${stored} instead of ${old ?? 'NULL'}`,
      hint:
        old === undefined
          ? undefined
          : `Keep the old default${old === 'the next number' ? '' : ` (${old})`} as long as clients rely on it.`,
    },
  ]
}

/** What fills an attribute that an insert leaves out; a sequence by another name issues numbers all the same. */
function filler({ identity, default: expression }: Attribute): string | undefined {
  if (identity !== undefined || /^nextval\(/.test(expression ?? '')) return 'the next number'
  return expression === undefined || /^NULL(::|$)/.test(expression) ? undefined : expression
}

/** Attributes that are new, or were not, and that an insert by the legacy names leaves without a value. */
function required({ path, legacy, migrated }: Facade): readonly InterfaceChange[] {
  if (migrated.kind === 'view' || legacy.kind === 'view') return []
  const known = new Set(legacy.attributes.map((each) => each.name))
  const numbers = new Set(legacy.oid === migrated.oid ? legacy.attributes.map((each) => each.number) : [])
  return migrated.attributes
    .filter((each) => !known.has(each.name) && !numbers.has(each.number))
    .filter((each) => each.notNull && filler(each) === undefined && each.generated === undefined)
    .map((each) => ({
      relation: path,
      attribute: each.name,
      what: 'required',
      kind: 'fails',
      severity: 'warning',
      operations: ['insert'],
      message: `INSERTs that omit ${shownName(path)}.${each.name} fail: the column is NOT NULL without a default`,
      hint: `Give ${each.name} a default, or leave it nullable until every client fills it.`,
    }))
}

/** `same` where no client can tell: the same type, or one of the same kind that takes all that the old one took. */
function typeChange(legacy: Catalog, migrated: Catalog, before: Attribute, after: Attribute): 'same' | 'narrower' | 'other' {
  if (before.type === after.type) return 'same'
  const [old, now] = [parts(before.type), parts(after.type)]
  if (old.array !== now.array) return 'other'
  const texts = ['character varying', 'text']
  if (texts.includes(old.name) && texts.includes(now.name)) return fits(old.sizes[0], now.sizes[0]) ? 'same' : 'narrower'
  if (old.name === now.name) {
    // The digits before the point, and those behind it.
    if (old.name === 'numeric') {
      const whole = ({ sizes: [precision, scale = 0] }: typeof old) => (precision === undefined ? undefined : precision - scale)
      const scale = ({ sizes }: typeof old) => (sizes.length === 0 ? undefined : (sizes[1] ?? 0))
      return fits(whole(old), whole(now)) && fits(scale(old), scale(now)) ? 'same' : 'narrower'
    }
    return fits(old.sizes[0], now.sizes[0]) ? 'same' : 'narrower'
  }
  const [from, to] = [legacy.types.get(before.typePath), migrated.types.get(after.typePath)]
  // A label is a text to every driver; which labels there are is looked at apart.
  if (from?.kind === 'enum' && (to?.kind === 'enum' || texts.includes(now.name))) return 'same'
  // A driver sees through a domain.
  if (from?.kind === 'domain' && from.base === after.typePath) return 'same'
  if (to?.kind === 'domain' && to.base === before.typePath) return 'same'
  return 'other'
}

function parts(type: string): { readonly name: string; readonly sizes: readonly number[]; readonly array: boolean } {
  const sizes = /\(([\d,]+)\)/.exec(type)?.[1]?.split(',').map(Number) ?? []
  return { name: type.replace(/\([\d,]+\)/, '').replace(/(\[\])+$/, ''), sizes, array: type.endsWith('[]') }
}

/** Whether a limit leaves room for all that another one allowed; undefined is no limit. */
function fits(old: number | undefined, now: number | undefined): boolean {
  return now === undefined || (old !== undefined && now >= old)
}

function goneLabels({ catalogs }: Facade, before: Attribute, after: Attribute): readonly string[] {
  const [from, to] = [catalogs.legacy.types.get(before.typePath), catalogs.migrated.types.get(after.typePath)]
  if (from?.kind !== 'enum' || to?.kind !== 'enum') return []
  return from.labels.filter((label) => !to.labels.includes(label))
}
