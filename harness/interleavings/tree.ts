import { conflict, type Footprint, noFootprint } from './footprint.ts'
import type { Choose, Ready } from './run-interleaving.ts'

/** A choice that was met: whose turn it could be, and where each turn led. */
interface Node {
  /** In the order in which they were tried first. */
  readonly children: Map<string, Node>
  /** Sessions whose turn here gives an interleaving equal to one of an earlier child. */
  readonly asleep: ReadonlyMap<string, Footprint>
  ready: readonly Ready[]
  exhausted: boolean
}

/**
 * The interleavings of some sessions as a tree of choices, walked from the root each time, never twice to the same end.
 *
 * Interleavings that differ only in the order of neighbours that do not conflict are the same, and one of them is run (sleep sets: Godefroid,
 * Partial-Order Methods, 1996).
 */
export class ScheduleTree {
  readonly #root: Node = { children: new Map(), asleep: new Map(), ready: [], exhausted: false }
  readonly #draw: (limit: number) => number
  #path: Node[] = []
  /** Walks that led to nothing that had not been run. */
  equivalent = 0

  /** @param draw  Draws a whole number below a limit. */
  constructor(draw: (limit: number) => number) {
    this.#draw = draw
  }

  /** Whether every interleaving was run, or one that is equal to it. */
  get exhausted(): boolean {
    return this.#root.exhausted
  }

  /** The choices of the next interleaving. */
  begin(): Choose {
    this.#path = [this.#root]
    return (ready) => this.#choose(ready)
  }

  /** After an interleaving: its end has been seen. */
  end(): void {
    const last = this.#path.at(-1)
    if (last !== undefined) last.exhausted = true
    for (const node of this.#path.slice(0, -1).toReversed()) node.exhausted = this.#open(node).length === 0
  }

  #choose(ready: readonly [Ready, ...Ready[]]): string | undefined {
    const node = this.#path.at(-1)
    if (node === undefined) return undefined
    // What conflicts with nothing (BEGIN) can go first in every order.
    const free = ready.find(({ footprint }) => footprint === noFootprint)
    node.ready = free === undefined ? ready : [free]
    const open = this.#open(node)
    const chosen = open[this.#draw(open.length)]
    if (chosen === undefined) {
      this.equivalent += 1
      return undefined
    }
    this.#path.push(this.#child(node, chosen))
    return chosen.session
  }

  #open({ ready, children, asleep }: Node): readonly Ready[] {
    return ready.filter(({ session }) => !asleep.has(session) && children.get(session)?.exhausted !== true)
  }

  #child(node: Node, { session, footprint }: Ready): Node {
    const known = node.children.get(session)
    if (known !== undefined) return known
    const before = node.ready.flatMap((each) => (node.children.has(each.session) ? [[each.session, each.footprint] as const] : []))
    const asleep = [...node.asleep, ...before].filter(([name, other]) => name !== session && !conflict(footprint, other))
    const child: Node = { children: new Map(), asleep: new Map(asleep), ready: [], exhausted: false }
    node.children.set(session, child)
    return child
  }
}
