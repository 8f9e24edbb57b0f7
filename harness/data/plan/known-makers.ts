import type { Catalog, TypeInfo } from '../../catalog/index.ts'
import { quoteName } from '../../postgres/index.ts'
import { type Maker, noContext } from '../value/maker.ts'
import { makerOf } from '../value/maker-of.ts'
import { type DomainType, valueTypeOf } from '../value/value-type.ts'
import { allCandidates, candidatesFor, poolsOf } from './candidates.ts'
import { constantOf } from './expression.ts'
import { filterValues, type ValueQuestion } from './filter.ts'
import type { Server } from './server.ts'

/** Texts that some base type or other takes. */
const battery = [
  '0',
  '1',
  '2',
  '42',
  '1.5',
  'a',
  'b',
  'abc',
  'x.y',
  '',
  '[1,2,3]',
  '[0.5,1,2]',
  '(1,2)',
  '{1,2}',
  'POINT(1 2)',
  'POINT(3 4)',
  '2024-01-01',
  '1 m',
  '10.0.0.1',
  '1.0.0',
  '2.1.3',
  '"a"=>"1"',
  '{"a": 1}',
  'a=1',
  '00:00:00:00:00:00',
  '1..2',
  '1-2',
  'USD 1.00',
  'true',
]

/** A type of which no value was found, and what the server said. */
export interface TypeFailure {
  readonly sqlstate: string | undefined
  readonly because: string
}

/** Makers for what the server must judge first: domains with checks, base types that the harness does not know. By type path and by `schema.name`; of the types `needed`. */
export async function knownMakers(
  server: Server,
  catalog: Catalog,
  unicode: boolean,
  needed: ReadonlySet<string>,
): Promise<{ readonly known: ReadonlyMap<string, Maker>; readonly failures: ReadonlyMap<string, TypeFailure> }> {
  const known = new Map<string, Maker>()
  const failures = new Map<string, TypeFailure>()
  const options = { unicode, folded: false, known }
  const unknown = [...catalog.types].filter(
    ([path, info]) => needed.has(path) && info.kind === 'base' && makerOf(scalar(catalog, path), options) === undefined,
  )
  const probed = await filterValues(
    server,
    catalog,
    unknown.map(
      ([, info]): ValueQuestion => ({
        name: 'value',
        type: quoteName(info),
        candidates: [...battery, ...defaultsOf(catalog, info)],
        checks: [],
        generated: [],
      }),
    ),
  )
  unknown.forEach(([path, info], at) => {
    const values = [...(probed[at]?.feasible ?? [])]
    if (values.length > 0) known.set(`${info.schema}.${info.name}`, listMaker(values))
    else
      failures.set(path, {
        sqlstate: probed[at]?.error?.sqlstate,
        because: probed[at]?.error?.message ?? 'the server accepted none of the usual texts',
      })
  })

  const domains = [...needed].flatMap((path) => {
    const type = catalog.types.get(path)?.kind === 'domain' ? valueTypeOf(catalog, { typePath: path, modifier: -1 }) : undefined
    return type?.kind === 'domain' && type.checks.length > 0 ? [type] : []
  })
  // Simple bases first, so that a domain over an array of a domain finds its element judged.
  const rounds = [
    domains.filter((domain) => domain.base.kind === 'scalar' || domain.base.kind === 'enum'),
    domains.filter((domain) => domain.base.kind !== 'scalar' && domain.base.kind !== 'enum'),
  ]
  for (const round of rounds) await judgeDomains(server, catalog, round, options, { known, failures })
  return { known, failures }
}

/** What the server has said of types so far. */
interface Judged {
  readonly known: Map<string, Maker>
  readonly failures: Map<string, TypeFailure>
}

async function judgeDomains(
  server: Server,
  catalog: Catalog,
  domains: readonly DomainType[],
  options: Parameters<typeof makerOf>[1],
  { known, failures }: Judged,
): Promise<void> {
  const asked = domains.flatMap((domain) => {
    const maker = makerOf(domain.base, options)
    if (maker === undefined) return []
    const checks = domain.checks.map((check) => check.expression)
    const constant = constantOf(domain.default)
    const candidates = candidatesFor(
      maker,
      { ...noContext, label: domain.path },
      checks,
      constant === undefined ? [] : [constant],
      domain.path,
    )
    return [{ domain, maker, checks, candidates }]
  })
  const answers = await filterValues(
    server,
    catalog,
    asked.map(({ domain, checks, candidates }) => ({
      name: 'value',
      type: domain.baseSql,
      candidates: allCandidates(candidates),
      checks,
      generated: [],
    })),
  )
  asked.forEach(({ domain, maker, candidates }, at) => {
    const feasible = answers[at]?.feasible ?? new Set<string>()
    if (feasible.size === 0) {
      failures.set(domain.path, {
        sqlstate: answers[at]?.error?.sqlstate ?? '23514',
        because: `no candidate satisfies ${domain.checks.map((check) => check.expression).join(' AND ')}`,
      })
      return
    }
    const pools = poolsOf(candidates, feasible)
    const plain = [...feasible].reduce((best, value) => (value.length < best.length ? value : best))
    known.set(domain.path, {
      ...maker,
      room: maker.room && (pools.bands === undefined || pools.bands.length >= 24),
      plain: feasible.has(maker.plain) ? maker.plain : plain,
      plausible: (random, context) => (pools.plausible === undefined ? maker.plausible(random, context) : random.pick(pools.plausible)),
      edges: pools.edges,
      extremes: pools.extremes,
      band: (source, context) => (pools.bands === undefined ? maker.band(source, context) : source.random.pick(pools.bands)),
      bandShapes: [],
      near: (text) =>
        pools.plausible === undefined ? (maker.near?.(text) ?? []) : (maker.near?.(text) ?? []).filter((other) => feasible.has(other)),
      kinds: () => [...(pools.plausible ?? [])].slice(0, 24),
      vector: pools.vector.length > 0 ? pools.vector : [...feasible].slice(0, 8),
      accepts: (text) => (feasible.has(text) ? true : maker.accepts(text) === false ? false : undefined),
      ...(pools.bands === undefined ? {} : { neighbours: (text: string) => [text] }),
    })
  })
}

function scalar(catalog: Catalog, path: string) {
  const type = valueTypeOf(catalog, { typePath: path, modifier: -1 })
  if (type === undefined) throw new Error(`no type ${path}`)
  return type
}

/** Constants that attributes of the type have as default. */
function defaultsOf(catalog: Catalog, info: TypeInfo): string[] {
  return [...catalog.relations.values()].flatMap((relation) =>
    relation.attributes.flatMap((attribute) => {
      const constant = attribute.type.endsWith(info.name) ? constantOf(attribute.default) : undefined
      return constant === undefined ? [] : [constant]
    }),
  )
}

/** A type of which only these values are known. */
function listMaker(values: readonly string[]): Maker {
  const [plain = ''] = values
  return {
    room: false,
    plain,
    plausible: (random) => random.pick(values),
    edges: values,
    extremes: [],
    band: () => '',
    vector: values,
    key: (text) => text,
    accepts: (text) => (values.includes(text) ? true : undefined),
  }
}
