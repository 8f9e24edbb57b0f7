import type { Catalog } from '../../catalog/index.ts'
import { asList, bodyOf, fieldsOf, plpgsqlNodes, type Script, type Statement, stringsOf, tryParse } from '../../migration/index.ts'
import { functionName } from '../calls.ts'
import { type FindRelation, findRelationIn } from '../sources.ts'
import type { Place, Target } from '../target.ts'
import { bodyPlaces } from './body-places.ts'
import { BodyReader, type MarkedTarget } from './body-reader.ts'
import { BodyScope } from './body-scope.ts'
import { type Call, type Callable, type Fired, Reached, type Trigger, triggerOf } from './reached-functions.ts'
import { isSameBody } from './same-body.ts'

/** A function of the legacy database. */
export interface LegacyFunction extends Callable {
  /** As it is shown: with its schema, and its arguments where others have the same name. */
  readonly shown: string
  /** Not the user's own: called, but neither shown nor copied. */
  readonly reserved: boolean
}

/** What there is to reach in one body. */
export interface BodyTargets {
  readonly marked: readonly MarkedTarget[]
  readonly silent: readonly Target[]
  /** Whether a call of another function of the same name and number of arguments cannot be told from one of this. */
  readonly ambiguous: boolean
}

/** Bodies of a migration, and the copies of them that note what is reached. */
export interface BodyPlan {
  readonly bodies: readonly BodyTargets[]
  /** Statements that put marked copies in the place of the legacy functions. */
  readonly functions: readonly string[]
  /** The scripts with marked bodies; undefined where nothing in them has any. */
  readonly up: Script | undefined
  readonly down: Script | undefined
  /** Whether `down` can reach any of them. */
  readonly countsDown: boolean
}

/** What is known of a migration whose bodies are read. */
export interface BodyKnowledge {
  readonly up: Script | undefined
  readonly down: Script | undefined
  readonly legacy: Catalog
  readonly functions: readonly LegacyFunction[]
}

/** Read the bodies that a migration runs: of DO, of functions that it calls or whose triggers it fires; undefined where it has none. */
export function planBodies(knowledge: BodyKnowledge): BodyPlan | undefined {
  const planner = new BodyPlanner(knowledge)
  return planner.plan()
}

class BodyPlanner {
  readonly #knows: BodyKnowledge
  readonly #bodies: BodyTargets[] = []
  readonly #made: readonly (Callable & { readonly statement: Statement })[]
  readonly #reached: Readonly<Record<'up' | 'down', Reached>>
  #marks = 0

  constructor(knows: BodyKnowledge) {
    this.#knows = knows
    const [up, down] = [knows.up?.statements ?? [], knows.down?.statements ?? []]
    this.#made = [...up, ...down].flatMap((statement) => {
      const made = fieldsOf(statement.tree, 'CreateFunctionStmt')
      if (made === undefined) return []
      const inputs = asList(made.parameters).map((item) => fieldsOf(item, 'FunctionParameter') ?? {})
      const given = inputs.filter(({ mode }) => mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE')
      const most = given.some(({ mode }) => mode === 'FUNC_PARAM_VARIADIC') ? Number.POSITIVE_INFINITY : given.length
      const least = given.filter(({ defexpr, mode }) => defexpr === undefined && mode !== 'FUNC_PARAM_VARIADIC').length
      return [
        { name: functionName(made), least, most: made.is_procedure === true ? inputs.length : most, definition: statement.text, statement },
      ]
    })
    const callables = [...knows.functions, ...this.#made]
    this.#reached = {
      up: new Reached(up, callables, triggersOf(knows, 'up'), knows.legacy),
      down: new Reached(down, callables, triggersOf(knows, 'down'), knows.legacy),
    }
  }

  plan(): BodyPlan | undefined {
    const [up, down] = [this.#script('up'), this.#script('down')]
    const functions = this.#knows.functions.flatMap((each) => this.#legacy(each) ?? [])
    for (const direction of ['up', 'down'] as const) this.#unknownTriggers(direction)
    const countsDown = this.#bodies.some(({ marked }) => marked.some(({ target }) => target.direction === 'down'))
    return this.#bodies.length === 0 ? undefined : { bodies: this.#bodies, functions, up, down, countsDown }
  }

  #script(direction: 'up' | 'down'): Script | undefined {
    const script = this.#knows[direction]
    if (script === undefined) return undefined
    let text = ''
    let from = 0
    const statements = script.statements.map((statement, index): Statement => {
      const marked = this.#markedStatement(direction, statement, script.statements.slice(0, index))
      if (marked === undefined) return statement
      text += script.text.slice(from, statement.offset) + marked
      from = statement.offset + statement.text.length
      return { ...statement, text: marked }
    })
    return from === 0 ? undefined : { ...script, statements, text: text + script.text.slice(from) }
  }

  #markedStatement(direction: 'up' | 'down', { node, text, file, line }: Statement, earlier: readonly Statement[]): string | undefined {
    if (node !== 'DoStmt' && node !== 'CreateFunctionStmt') return undefined
    const find = findRelationIn(this.#knows.legacy, earlier)
    const place = { direction, file, line }
    if (node === 'DoStmt') return this.#mark(text, place, { find })
    const made = this.#made.find(({ statement }) => statement.text === text)
    const by = made === undefined ? undefined : this.#reachedBy(made)
    if (made === undefined || by === undefined) {
      this.#leaveOut(place, `function ${made?.name}`, 'no statement of the migration calls it')
      return undefined
    }
    const name = `function ${made.name}`
    return this.#mark(text, place, {
      find,
      name,
      fired: by.firedAs(made.name),
      calls: by.callsOf(made),
      ambiguous: this.#isAmbiguous(made),
    })
  }

  #legacy(each: LegacyFunction): string | undefined {
    const by = this.#reachedBy(each)
    if (by === undefined || each.reserved) return undefined
    const place = { direction: by === this.#reached.up ? ('up' as const) : ('down' as const), file: each.shown, line: 1 }
    const name = `function ${each.shown}`
    const find = findRelationIn(this.#knows.legacy, [])
    return this.#mark(each.definition, place, {
      find,
      name,
      fired: by.firedAs(each.name),
      calls: by.callsOf(each),
      ambiguous: this.#isAmbiguous(each),
    })
  }

  #reachedBy(callable: Callable): Reached | undefined {
    return Object.values(this.#reached).find((each) => each.reaches(callable))
  }

  #isAmbiguous({ name, least, most, definition }: Callable): boolean {
    return [...this.#knows.functions, ...this.#made].some(
      (each) => each.definition !== definition && each.name === name && each.least <= most && each.most >= least,
    )
  }

  /** A statement with marks in its body, where they can be put there. */
  #mark(text: string, place: Place, { find, name, fired, calls = [], ambiguous = false }: MarkOptions): string | undefined {
    const shown = name ?? 'DO'
    const [tree] = tryParse(text) ?? []
    const body = bodyOf(tree)
    if (body?.language !== 'plpgsql' || body.text === undefined) {
      this.#leaveOut(place, shown, `a body of ${body?.language ?? 'another language'} is not measured`)
      return undefined
    }
    const at = text.indexOf(body.text)
    const nodes = plpgsqlNodes(text)
    const places = bodyPlaces(body.text)
    if (at < 0 || nodes === undefined || places === undefined) {
      this.#leaveOut(place, shown, at < 0 ? 'its body is written with doubled quotes' : 'its body could not be taken apart')
      return undefined
    }
    // Lines of a function that no file has are those that PL/pgSQL counts in its body.
    const line = place.file === this.#fileOf(place.direction) ? place.line + text.slice(0, at).split('\n').length - 1 : 1
    const scope = new BodyScope(nodes, find, fired, calls)
    const reader = new BodyReader(body.text, { ...place, line }, scope, () => ++this.#marks)
    reader.read(places, name)
    const { body: marked, marks } = reader.instrumented
    if (marks === 0 && reader.silent.length === 0) return undefined
    const whole = text.slice(0, at) + marked + text.slice(at + body.text.length)
    if (!isSameBody(text, whole, marks)) {
      this.#leaveOut(place, shown, 'its body could not be taken apart')
      return undefined
    }
    this.#bodies.push({ marked: reader.marked, silent: reader.silent, ambiguous })
    return marks === 0 ? undefined : whole
  }

  #fileOf(direction: 'up' | 'down'): string | undefined {
    return this.#knows[direction]?.file
  }

  #leaveOut(place: Place, text: string, because: string): void {
    const target: Target = { ...place, kind: 'body', text, outcome: 'every outcome', unmeasured: because }
    this.#bodies.push({ marked: [], silent: [target], ambiguous: false })
  }

  /** Triggers that fire functions of which nothing is known: those of the server and of extensions. */
  #unknownTriggers(direction: 'up' | 'down'): void {
    const script = this.#knows[direction]
    const known = new Set([...this.#knows.functions, ...this.#made].map(({ name }) => name))
    for (const { name, relation, function: called } of script === undefined ? [] : this.#reached[direction].fired) {
      if (known.has(called)) continue
      const place = { direction, file: script?.file ?? '', line: 1 }
      this.#leaveOut(place, `trigger ${name} of ${relation}`, `${called}() is no function of this database's own`)
    }
  }
}

interface MarkOptions {
  readonly find: FindRelation
  readonly name?: string
  readonly fired?: Fired | undefined
  readonly calls?: readonly Call[]
  readonly ambiguous?: boolean
}

/** Triggers by the bare name of their relation, parsed when they are asked for: most of a history's are never fired. */
function triggersOf({ up, down, legacy }: BodyKnowledge, direction: 'up' | 'down'): (relation: string) => readonly Trigger[] {
  const scripts = [up, down].flatMap((each) => each ?? [])
  const enables = scripts.some(({ text }) => /\benable\s+(always\s+|replica\s+)?trigger\b/i.test(text))
  const own = (direction === 'up' ? up : down)?.statements ?? []
  const earlier = direction === 'up' ? [] : (up?.statements ?? [])
  const made = [
    ...earlier.flatMap(({ node, tree }) => (node === 'CreateTrigStmt' ? (triggerOf(tree) ?? []) : [])),
    ...own.flatMap(({ node, tree }, at) => (node === 'CreateTrigStmt' ? (triggerOf(tree, at) ?? []) : [])),
  ]
  const drops = own.flatMap(({ tree }, at) => droppedTriggers(tree).map((each) => ({ ...each, at })))
  const known = new Map<string, readonly Trigger[]>()
  return (relation) => {
    const there = known.get(relation)
    if (there !== undefined) return there
    const definitions = [...legacy.relations.values()].flatMap(({ name, triggers }) =>
      name === relation ? triggers.flatMap((each) => (each.enabled === 'disabled' && !enables ? [] : [each.definition])) : [],
    )
    const parsed = definitions.flatMap((definition) => (tryParse(definition) ?? []).flatMap((tree) => triggerOf(tree) ?? []))
    const all = [...parsed, ...made.filter((each) => each.relation === relation)].map((each) => {
      const drop = drops.find(({ name, relation: of, at }) => name === each.name && of === relation && at > each.from)
      return drop === undefined ? each : { ...each, until: drop.at }
    })
    known.set(relation, all)
    return all
  }
}

/** The triggers that DROP TRIGGER names. */
function droppedTriggers(tree: unknown): readonly { readonly name: string; readonly relation: string }[] {
  const drop = fieldsOf(tree, 'DropStmt')
  if (drop?.removeType !== 'OBJECT_TRIGGER') return []
  return asList(drop.objects).map((object) => {
    const names = stringsOf(fieldsOf(object, 'List')?.items ?? object)
    return { name: names.at(-1) ?? '', relation: names.at(-2) ?? '' }
  })
}
