import type { Aim } from '../../data/index.ts'
import { asList, everyNode, fieldsOf, tryParse, tryParseExpression } from '../../migration/index.ts'
import { pathOf } from '../../postgres/index.ts'
import { aimsOf, type Truth, wantsFor } from '../aims.ts'
import { namesColumn } from '../calls.ts'
import type { Source } from '../sources.ts'
import { StatementText, type TextPlace } from '../statement-text.ts'
import { type Place, shownText, type Target, type TargetKind } from '../target.ts'
import type { Want } from '../want.ts'
import { asQuery, type BodyAtom, bodyAtoms, outcomesOf, whereOf } from './body-atoms.ts'
import type { BodyPlace, Guard } from './body-places.ts'
import { impossibleEvent, touchesRows } from './body-rules.ts'
import type { BodyScope } from './body-scope.ts'
import { MarkedText } from './marked-text.ts'
import { counterOf, noted, noting, tellBefore, tellBehind } from './marks.ts'

/** A target that is reached where a mark is noted. */
export interface MarkedTarget {
  readonly mark: number
  readonly target: Target
}

interface Told {
  readonly kind: TargetKind
  readonly text: string
  readonly outcome: string
  readonly mark: number
  readonly aims?: readonly Aim[]
  readonly only?: Want | undefined
  readonly infeasible?: string | undefined
}

/** Reads what there is to reach in one body of PL/pgSQL, and puts marks where it is reached. */
export class BodyReader {
  readonly marked: MarkedTarget[] = []
  readonly silent: Target[] = []
  readonly #text: MarkedText
  readonly #place: Place
  readonly #scope: BodyScope
  readonly #nextMark: () => number

  /** @param place  Of the first byte of the body. */
  constructor(body: string, place: Place, scope: BodyScope, nextMark: () => number) {
    this.#text = new MarkedText(body)
    this.#place = place
    this.#scope = scope
    this.#nextMark = nextMark
  }

  get instrumented(): MarkedText['marked'] {
    return this.#text.marked
  }

  /** @param name  What the body is called: nothing for that of DO, which always runs. */
  read(places: readonly BodyPlace[], name: string | undefined): void {
    for (const place of places) {
      if (place.kind === 'entry' && name !== undefined) this.#arm(place, { kind: 'body', text: name, outcome: 'called' })
      else if (place.kind === 'condition') this.#condition(place)
      else if (place.kind === 'arm') this.#choice(place)
      else if (place.kind === 'loop') this.#loop(place)
      else if (place.kind === 'statement') this.#statement(place)
      else if (place.kind === 'handler' && touchesRows(this.#texts(places, place), place.text))
        this.#arm(place, { kind: 'handler', text: place.text, outcome: 'entered' })
    }
  }

  #texts(places: readonly BodyPlace[], { block, at }: BodyPlace & { readonly kind: 'handler' }): readonly string[] {
    return places.flatMap((each) =>
      each.kind === 'statement' && each.at > block && each.at < at ? [this.#text.slice(each.statement)] : [],
    )
  }

  #arm(place: BodyPlace & { readonly inside: number }, told: Omit<Told, 'mark'>): void {
    const mark = this.#nextMark()
    this.#text.put(place.inside, noting(noted(mark)))
    this.#tell(place, { aims: aimsOf(this.#guardWants(place.guards)), ...told, mark })
  }

  #choice(place: BodyPlace & { readonly kind: 'arm' }): void {
    const { subject, values } = place.compares ?? {}
    const isOfRows =
      subject === undefined
        ? place.guards.some((guard) => guard.kind === 'condition' && this.#isOfRows(guard.text))
        : this.#isOfRows(subject)
    if (!isOfRows) return
    const tree = values === undefined ? undefined : tryParseExpression(`(${subject}) IN (${values})`)
    const wants = this.#wants(this.#scope.sources, tree, true)
    this.#arm(place, { kind: 'arm', text: place.text, outcome: 'taken', aims: aimsOf([...wants, ...this.#guardWants(place.guards)]) })
  }

  #isOfRows(condition: string): boolean {
    return this.#scope.dependsOnRows(tryParseExpression(`(${condition})`))
  }

  #condition(place: BodyPlace & { readonly kind: 'condition' }): void {
    const prefix = 'SELECT '
    const { from } = place.condition
    const sql = prefix + this.#text.slice(place.condition)
    const select = fieldsOf(tryParse(sql)?.[0], 'SelectStmt')
    const text = `${place.word} ${this.#text.slice(place.condition)}`
    if (select === undefined || select.fromClause !== undefined || asList(select.targetList).length !== 1) {
      this.#leaveOut('condition', place.at, text, 'it is a query without SELECT')
      return
    }
    const statement = new StatementText(sql)
    const tree = fieldsOf(asList(fieldsOf(statement.tree, 'SelectStmt')?.targetList)[0], 'ResTarget')?.val
    this.#decide(
      { place, text, tree, whole: place.condition, sources: this.#scope.sources, base: from - prefix.length, ofTable: false },
      statement,
    )
  }

  /** Marks for a condition and, where it is made of several, for each of them, while those before it leave the decision to it. */
  #decide(condition: Condition, text: StatementText): void {
    const { place, tree, whole, base } = condition
    const isOfRows = (each: unknown) => this.#scope.dependsOnRows(each) || (condition.ofTable && namesColumn(each))
    if (!isOfRows(tree)) return
    const atoms = bodyAtoms(text, tree)
    if (atoms === undefined) {
      this.#leaveOut('condition', place.at, condition.text, 'its text could not be cut out of the body')
      return
    }
    if (atoms.length <= 1) {
      this.#mark(condition, { tree, place: whole }, condition.text, whole)
      return
    }
    const first = this.#marks3()
    this.#text.put(whole.from, tellBefore)
    for (const atom of atoms) {
      if (!isOfRows(atom.tree)) continue
      const place = { from: atom.place.from + base, to: atom.place.to + base }
      this.#mark(condition, atom, this.#text.slice(place), place)
    }
    this.#text.put(whole.to, tellBehind(first))
    for (const [at, truth] of [true, false].entries())
      this.#tell(place, {
        kind: 'condition',
        text: condition.text,
        outcome: String(truth),
        mark: first + at,
        aims: aimsOf([...this.#wants(condition.sources, tree, truth), ...this.#guardWants(place.guards)]),
      })
  }

  #marks3(): number {
    const first = this.#nextMark()
    this.#nextMark()
    this.#nextMark()
    return first
  }

  #mark({ place, sources }: Condition, atom: BodyAtom, text: string, at: TextPlace): void {
    const first = this.#marks3()
    this.#text.put(at.from, tellBefore)
    this.#text.put(at.to, tellBehind(first))
    const resolved = this.#scope.resolve(atom.tree)
    for (const { digit, truth, infeasible } of outcomesOf(sources, resolved)) {
      const own = this.#wants(sources, atom.tree, truth)
      this.#tell(
        { ...place, at: at.from },
        {
          kind: 'condition',
          text,
          outcome: truth === null ? 'NULL' : String(truth),
          mark: first + digit,
          infeasible,
          aims: own.length === 0 ? [] : aimsOf([...own, ...this.#guardWants(place.guards)]),
          only: own.length === 1 ? own[0] : undefined,
        },
      )
    }
  }

  #loop(place: BodyPlace & { readonly kind: 'loop' }): void {
    const query = place.over === undefined ? undefined : this.#text.slice(place.over)
    const select = query === undefined ? undefined : fieldsOf(tryParse(query)?.[0], 'SelectStmt')
    if (place.over !== undefined && query !== undefined && select !== undefined) this.#where(place, query, place.over.from)
    if (!this.#goesOverRows(place, query)) return
    const passes = counterOf(this.#text.insertions)
    const marks = { none: place.text === 'LOOP' ? undefined : this.#nextMark(), one: this.#nextMark(), several: this.#nextMark() }
    this.#text.put(place.before, `DECLARE ${passes} pg_catalog.int4 := 0; BEGIN `)
    this.#text.put(place.inside, ` ${passes} := ${passes} + 1;${noting(`${passes} = 2 AND ${noted(marks.several)}`)}`)
    const none = marks.none === undefined ? '' : noting(`${passes} = 0 AND ${noted(marks.none)}`)
    this.#text.put(place.behind, `${none}${noting(`${passes} = 1 AND ${noted(marks.one)}`)} END;`)
    const guards = this.#guardWants(place.guards)
    const sources = select === undefined ? [] : this.#scope.within(select)
    const where = (truth: boolean) => aimsOf([...this.#wants(sources, select?.whereClause, truth), ...guards])
    const many = sources.flatMap(({ relation }): readonly Aim[] =>
      relation === undefined || select === undefined ? [] : [{ kind: 'rows', relation: pathOf(relation), rows: 3 }],
    )
    const told = { kind: 'loop', text: place.text } as const
    if (marks.none !== undefined) this.#tell(place, { ...told, outcome: 'no pass', mark: marks.none, aims: where(false) })
    this.#tell(place, { ...told, outcome: 'one pass', mark: marks.one, aims: where(true) })
    this.#tell(place, { ...told, outcome: 'several passes', mark: marks.several, aims: [...where(true), ...many.slice(0, 1)] })
  }

  #goesOverRows({ text }: { readonly text: string }, over: string | undefined): boolean {
    if (/^WHILE\b/.test(text)) return this.#isOfRows(text.slice(5))
    if (over === undefined) return true
    const parsed = tryParse(over)
    if (parsed !== undefined) return this.#scope.dependsOnRows(parsed)
    const bounds = /^(?:reverse\b)?([\s\S]*)\.\.([\s\S]*?)(?:\bby\b[\s\S]*)?$/i.exec(over)
    if (bounds !== null) return [bounds[1], bounds[2]].some((bound) => this.#isOfRows(bound ?? ''))
    const array = /^array\b([\s\S]*)$/i.exec(over)
    return array === null || this.#isOfRows(array[1] ?? '')
  }

  #statement(place: BodyPlace & { readonly kind: 'statement' }): void {
    const text = this.#text.slice(place.statement)
    if (/^execute\b/i.test(text)) {
      this.#leaveOut('body', place.at, text, 'its text is made while it runs')
      return
    }
    if (/^(perform|select|insert|update|delete|merge|with|return\s+query)\b/i.test(text))
      this.#where(place, asQuery(text), place.statement.from)
  }

  /** The conditions of WHERE; the rest of a body's query is not measured. */
  #where(place: BodyPlace, sql: string, from: number): void {
    const parsed = tryParse(sql)?.[0]
    if (parsed !== undefined && !this.#scope.dependsOnRows(parsed)) return
    if (
      parsed === undefined ||
      [...everyNode(parsed)].some(
        ({ name, fields }) => /^(JoinExpr|CaseExpr|OnConflictClause|MergeStmt)$/.test(name) || fields.groupClause !== undefined,
      )
    )
      this.#leaveOut('body', place.at, sql.trim(), 'of a statement in a body only the conditions of WHERE are measured')
    if (parsed === undefined) return
    const text = new StatementText(sql)
    const found = whereOf(text.tree)
    const whole = found === undefined ? undefined : text.expressionPlace(found.where)
    if (found === undefined) return
    if (whole === undefined) {
      this.#leaveOut('condition', place.at, sql.trim(), 'its text could not be cut out of the body')
      return
    }
    const at = { from: whole.from + from, to: whole.to + from }
    const sources = this.#scope.within(found.select)
    this.#decide(
      { place: { ...place, at: at.from }, text: this.#text.slice(at), tree: found.where, whole: at, sources, base: from, ofTable: true },
      text,
    )
  }

  #wants(sources: readonly Source[], tree: unknown, truth: Truth): readonly Want[] {
    return tree === undefined ? [] : wantsFor(sources, this.#scope.resolve(tree), truth)
  }

  #guardWants(guards: readonly Guard[]): readonly Want[] {
    return guards.flatMap((guard) => {
      if (guard.kind === 'condition') return this.#wants(this.#scope.sources, tryParseExpression(`(${guard.text})`), guard.truth)
      const select = fieldsOf(tryParse(guard.text)?.[0], 'SelectStmt')
      return select === undefined ? [] : this.#wants(this.#scope.within(select), select.whereClause, true)
    })
  }

  #tell({ at, guards }: Pick<BodyPlace, 'at' | 'guards'>, { mark, infeasible, aims, only, ...told }: Told): void {
    const because = infeasible ?? impossibleEvent(guards, this.#scope.fired?.events)
    const target: Target = { ...this.#target(told.kind, at, told.text, told.outcome), aims, only, infeasible: because }
    if (because === undefined) this.marked.push({ mark, target })
    else this.silent.push(target)
  }

  #leaveOut(kind: TargetKind, at: number, text: string, because: string): void {
    this.silent.push({ ...this.#target(kind, at, text, 'every outcome'), unmeasured: because })
  }

  #target(kind: TargetKind, at: number, text: string, outcome: string): Target {
    const line = this.#place.line + this.#text.linesBefore(at)
    return { ...this.#place, line, kind, text: shownText(text), outcome }
  }
}

interface Condition {
  readonly place: Pick<BodyPlace, 'at' | 'guards'>
  readonly text: string
  readonly tree: unknown
  readonly whole: TextPlace
  readonly sources: readonly Source[]
  /** Where the text begins of which the tree was read. */
  readonly base: number
  /** Whether its names are those of a table's columns. */
  readonly ofTable: boolean
}
