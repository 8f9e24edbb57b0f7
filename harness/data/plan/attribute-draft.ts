import type { Attribute, Catalog, Relation } from '../../catalog/index.ts'
import type { Hints, LiteralHint } from '../hints.ts'
import { Randomness, seedOf } from '../random.ts'
import type { Maker, MakerContext } from '../value/maker.ts'
import { makerOf } from '../value/maker-of.ts'
import { countMaker, sizedMaker } from '../value/numbers.ts'
import { underDomains, type ValueType, valueTypeOf } from '../value/value-type.ts'
import { around } from './candidates.ts'
import { constantOf, partsOf } from './expression.ts'
import { jsonInputs } from './json-inputs.ts'
import { likeExamples, regexExamples } from './pattern-examples.ts'
import { isRandomIdentifier } from './random-identifier.ts'

/** An attribute before the server has judged its values. */
export interface AttributeDraft {
  readonly source: Attribute
  readonly type: ValueType | undefined
  readonly maker: Maker | undefined
  readonly context: MakerContext
  readonly nullable: boolean
  /** Set when a check refuses NULL. */
  nullRefused?: boolean
  readonly constant: string | undefined
  readonly serial: boolean
  /** Constants from hints, defaults and partial indexes that are, or may be, valid for the type. */
  readonly mined: readonly string[]
  /** Of the constants those that hardly any row has: the maker has them among its extremes. */
  readonly rare: readonly string[]
}

export interface DraftOptions {
  readonly catalog: Catalog
  readonly relation: Relation
  readonly path: string
  readonly hints: Hints
  readonly known: ReadonlyMap<string, Maker>
  readonly unicode: boolean
  readonly realistic: (attribute: string) => readonly string[]
  readonly oddTimes: readonly string[]
  /** Makers made so far, by type, modifier and collation: a thousand attributes share a dozen. */
  readonly makers: Map<string, Maker | undefined>
}

/** The attributes that an INSERT into the relation gives; generated ones are the server's. */
export function attributeDrafts(options: DraftOptions): AttributeDraft[] {
  const { catalog, relation, path, hints } = options
  const owned = new Set(catalog.sequences.flatMap(({ ownedBy }) => (ownedBy?.relation === path ? [ownedBy.attribute] : [])))
  const inKey = new Set(relation.constraints.flatMap((constraint) => (constraint.kind === 'primary-key' ? constraint.attributes : [])))
  const inUnique = new Set(relation.indexes.flatMap((index) => (index.unique ? index.attributes : [])))
  const predicates = relation.indexes.flatMap((index) => (index.predicate === undefined ? [] : [partsOf(index.predicate)]))
  return relation.attributes
    .filter((attribute) => attribute.generated === undefined)
    .map((attribute) => {
      const type = valueTypeOf(catalog, attribute)
      const folded = attribute.collation !== undefined && !/"?(C|POSIX|default|C\.UTF-?8|ucs_basic)"?$/i.test(attribute.collation)
      const kind = `${attribute.typePath}\u0000${attribute.modifier}\u0000${folded}`
      if (!options.makers.has(kind))
        options.makers.set(kind, type && makerOf(type, { unicode: options.unicode, folded, known: options.known }))
      const made = options.makers.get(kind)
      const usual =
        made !== undefined && /^(smallint|integer|bigint)$/.test(attribute.type) ? sizeOf(made, path, attribute.name, hints) : made
      const constant = constantOf(attribute.default)
      const here = (hint: { readonly relation: string | undefined; readonly attribute: string | undefined }) =>
        hint.attribute === attribute.name && (hint.relation === undefined || hint.relation === path)
      const literals = hints.literals.filter((hint) => here(hint) || (hint.attribute === undefined && suits(type, hint.kind)))
      const isRare = ({ inserted, value }: LiteralHint) => inserted === true && inUnique.has(attribute.name) && isRandomIdentifier(value)
      const mined = [
        ...literals
          .filter((hint) => !isRare(hint))
          .flatMap((hint) =>
            hint.pattern !== undefined
              ? patternExamples(hint.pattern, hint.value, limitOf(attribute.type))
              : usual !== undefined && hint.ordered
                ? around(usual, hint.value)
                : [hint.value],
          ),
        ...(constant === undefined ? [] : [constant]),
        ...predicates.flatMap(({ names, texts, numbers }) => (names.has(attribute.name) ? [...texts, ...numbers] : [])),
      ]
      const rare = [...new Set(literals.filter(isRare).map(({ value }) => value))].filter(
        (value) => !mined.includes(value) && usual?.accepts(value) !== false,
      )
      const maker = usual === undefined || rare.length === 0 ? usual : { ...usual, extremes: [...usual.extremes, ...rare] }
      const inputs = /(^|\.)jsonb?$/.test(attribute.typePath) ? jsonInputs(catalog, relation, attribute.name, options.known) : []
      const read = hints.jsonKeys.filter(here)
      return {
        source: attribute,
        type,
        maker,
        context: {
          label: attribute.name,
          realistic: isText(type) ? options.realistic(attribute.name) : [],
          jsonKeys: [...new Map([...read, ...inputs].map((each) => [JSON.stringify(each.path), each.path])).values()],
          // What a generated attribute takes comes first: nothing else goes in.
          jsonCasts: [...inputs, ...read].flatMap(({ path: at, values }) => (values === undefined ? [] : [{ path: at, values }])),
          jsonRequired: inputs.map((each) => each.path),
          oddTimes: options.oddTimes,
        },
        nullable:
          !attribute.notNull &&
          !inKey.has(attribute.name) &&
          attribute.identity === undefined &&
          !(type?.kind === 'domain' && type.notNull),
        constant: constant !== undefined && maker?.accepts(constant) !== false ? constant : undefined,
        serial: owned.has(attribute.name) || attribute.identity !== undefined || /\bnextval\(/.test(attribute.default ?? ''),
        mined: [...new Set(mined)].filter((text) => maker?.accepts(text) !== false),
        rare,
      }
    })
}

/** A maker of whole numbers, of those that the hints ask for. */
function sizeOf(maker: Maker, relation: string, name: string, { counted = [], sized }: Hints): Maker {
  const isOne = (each: { readonly relation: string; readonly attribute: string }) => each.relation === relation && each.attribute === name
  if (counted.some(isOne)) return countMaker(maker)
  return sized?.attributes.some(isOne) === true ? sizedMaker(maker, sized.about) : maker
}

/** A few texts that the pattern matches; one as long as may be where the pattern leaves the end open: what is put before it then is too much. */
function patternExamples(kind: 'like' | 'regex', pattern: string, limit: number | undefined): readonly string[] {
  const random = new Randomness(seedOf(pattern))
  const examples = kind === 'like' ? likeExamples(pattern, random, 3) : regexExamples(pattern, random, 3)
  const [shortest = ''] = examples
  const open = kind === 'like' ? pattern.endsWith('%') : !pattern.endsWith('$')
  return open && limit !== undefined && shortest.length < limit
    ? [...examples, shortest + '1234567890'.repeat(30).slice(shortest.length, limit)]
    : examples
}

/** Most characters of a `varchar(n)` or `char(n)` that is not too long to fill. */
function limitOf(type: string): number | undefined {
  const limit = /^character(?: varying)?\((\d+)\)$/.exec(type)?.[1]
  return limit === undefined || Number(limit) > 300 ? undefined : Number(limit)
}

function isText(type: ValueType | undefined): boolean {
  const bare = type && underDomains(type)
  return bare?.kind === 'scalar' && ['text', 'varchar', 'bpchar', 'citext'].includes(bare.name)
}

/** Whether a constant whose attribute is not known may belong here. */
function suits(type: ValueType | undefined, kind: 'text' | 'number' | 'boolean'): boolean {
  const bare = type && underDomains(type)
  if (bare === undefined) return false
  if (bare.kind === 'enum') return kind === 'text'
  if (bare.kind !== 'scalar') return false
  if (kind === 'text') return isText(type)
  return kind === 'number' && /^(int[248]|numeric|float[48])$/.test(bare.name)
}
