import type { Catalog } from '../../catalog/index.ts'
import { StatementError } from '../../postgres/index.ts'
import { BandSource } from '../band/band-source.ts'
import { seedOf } from '../random.ts'
import type { AttributeDraft } from './attribute-draft.ts'
import { candidatesFor } from './candidates.ts'
import type { GeneratedColumn } from './filter.ts'
import { filterTuples, type TupleQuestion } from './filter-tuples.ts'
import { columns, type FoundPools, freePools } from './judge-attributes.ts'
import type { Tuple } from './model.ts'
import type { DraftCheck, RelationDraft } from './relation-draft.ts'
import type { Server } from './server.ts'

/** Whether bands fit: the type has room, and the attribute's own checks leave some. */
export function hasRoom(attribute: AttributeDraft | undefined, pool: FoundPools | undefined): boolean {
  return attribute?.maker?.room === true && (pool?.bands === undefined || pool.bands.length >= 12)
}

/** So many candidates an attribute, by how many are combined. */
const widths = [0, 40, 40, 13, 9, 7]

/** What to ask of attributes that checks link: for runs, or for bands. */
export function question(
  draft: RelationDraft,
  attributes: readonly number[],
  checks: readonly DraftCheck[],
  pools: readonly FoundPools[],
  use: 'run' | 'band',
): TupleQuestion {
  const constants = checks.map((check) => check.expression)
  // Checks of one attribute hold for its pools already, but not for the constants that linking checks add.
  const own = draft.checks.filter((check) => check.attributes.length === 1 && attributes.includes(check.attributes[0] ?? -1))
  return {
    attributes: attributes.map((position) => {
      const attribute = draft.attributes[position]
      const pool = pools[position]
      if (attribute?.maker === undefined || pool === undefined) throw new Error('a group without its attribute')
      const banded = use === 'band' && hasRoom(attribute, pool)
      const width = banded ? 80 : (widths[attributes.length] ?? 8)
      const nulls = attribute.nullable && attribute.nullRefused !== true ? [null] : []
      const found = candidatesFor(attribute.maker, attribute.context, constants, [], `${draft.path}.${attribute.source.name}`)
      const values = banded ? bandCandidates(attribute, pool, found) : runCandidates(pool, found)
      // First where NULL may not stand: of a sum or a choice all but a few have what is plain.
      const distinct = [...new Set(nulls.length > 0 || banded ? values : [attribute.maker.plain, ...values])]
        .filter((text) => attribute.maker?.accepts(text) !== false)
        .slice(0, width)
      return { name: attribute.source.name, type: attribute.source.type, candidates: [...nulls, ...distinct] }
    }),
    checks: [...checks, ...own].map((check) => check.expression),
    generated: uniqueColumns([...checks, ...own].flatMap(columns)),
    limit: use === 'band' ? 1200 : 200,
    patterns: use === 'run',
  }
}

/**
 * Ask; where a check fails with an error on some candidates (overflow, division by zero), ask again with ever tamer ones: without the
 * greatest and least, then small numbers only.
 */
export async function askTamer(
  server: Server,
  catalog: Catalog,
  questions: readonly TupleQuestion[],
): Promise<readonly (Tuple[] | StatementError)[]> {
  const answers: (Tuple[] | StatementError)[] = [...(await filterTuples(server, catalog, questions))]
  for (const most of [100_000_000, 10_000, 100]) {
    const failed = answers.flatMap((answer, at) => (answer instanceof StatementError ? [at] : []))
    if (failed.length === 0) break
    const again = await filterTuples(
      server,
      catalog,
      failed.flatMap((at) => {
        const question = questions[at]
        return question === undefined ? [] : [tamed(question, most)]
      }),
    )
    failed.forEach((at, index) => {
      const answer = again[index]
      if (answer !== undefined) answers[at] = answer
    })
  }
  return answers
}

function tamed(question: TupleQuestion, most: number): TupleQuestion {
  const tame = (cell: string | null) =>
    cell === null || !/^[-+]?[\d.]+(e[-+]?\d+)?$|^-?inf|^nan$/i.test(cell) || Math.abs(Number(cell)) <= most
  const small = Array.from({ length: 24 }, (_, at) => String(at + 1))
  return {
    ...question,
    attributes: question.attributes.map((attribute) => {
      const kept = attribute.candidates.filter(tame)
      const numbers = attribute.candidates.some((cell) => cell !== null && /^-?\d+(\.\d+)?$/.test(cell))
      return { ...attribute, candidates: kept.length < 6 && numbers ? [...new Set([...kept, ...small])] : kept }
    }),
  }
}

/** Candidates that violate one check of a relation and satisfy its others. */
export function dirtyQuestion(
  draft: RelationDraft,
  name: string,
): { readonly attributes: readonly number[]; readonly question: TupleQuestion } | undefined {
  const check = draft.checks.find((each) => each.name === name)
  if (check === undefined || check.attributes.length === 0) return undefined
  const others = draft.checks.filter((each) => each !== check && each.attributes.every((position) => check.attributes.includes(position)))
  const free = draft.attributes.map(freePools)
  const asked = question(draft, check.attributes, [check], free, 'run')
  const violated = `(${check.expression}) IS FALSE`
  return {
    attributes: check.attributes,
    question: {
      ...asked,
      checks: [violated, ...others.map((each) => each.expression)],
      generated: uniqueColumns([check, ...others].flatMap(columns)),
      limit: 40,
    },
  }
}

function runCandidates(pool: FoundPools, found: ReturnType<typeof candidatesFor>): readonly string[] {
  const plausible = pool.plausible ?? found.plausible
  const lists = [pool.literals, found.literals, pool.vector, plausible, pool.edges, pool.extremes.slice(0, 2)]
  return interleave(lists)
}

function bandCandidates(attribute: AttributeDraft, pool: FoundPools, found: ReturnType<typeof candidatesFor>): readonly string[] {
  if (pool.bands !== undefined) return pool.bands
  const source = new BandSource(seedOf('group', attribute.source.name), 3)
  const usual = Array.from({ length: 64 }, () => attribute.maker?.band(source, attribute.context) ?? '')
  return interleave([usual, (found.bands[0] ?? []).slice(0, 16), interleave(found.bands.slice(1).map((shape) => shape.slice(0, 16)))])
}

/** One of each list in turn, so that a cut leaves something of all. */
function interleave(lists: readonly (readonly string[])[]): string[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat()
}

function uniqueColumns(all: readonly GeneratedColumn[]): GeneratedColumn[] {
  return [...new Map(all.map((column) => [column.name, column])).values()]
}
