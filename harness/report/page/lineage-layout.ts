import { type SankeyLink, type SankeyNode, sankey, sankeyLinkHorizontal } from 'd3-sankey'
import type { LineageEntry } from '../../result/index.ts'
import { shorten } from '../visible-text.ts'

export type Fate = LineageEntry['fate']

/** A column (or "lost") in the drawing: a bar and its label. */
export interface DrawnColumn {
  readonly side: 'legacy' | 'new'
  readonly label: string
  /** The label without what all share, and not too long. */
  readonly shown: string
  readonly x: number
  readonly y: number
  readonly height: number
}

/** A legacy column's way to one place. */
export interface DrawnWay {
  readonly fate: Fate
  /** Path data of its middle line. */
  readonly path: string
  readonly width: number
  readonly from: string
  readonly to: string
}

export interface LineageDrawing {
  readonly width: number
  readonly height: number
  readonly columns: readonly DrawnColumn[]
  readonly ways: readonly DrawnWay[]
  /** Columns that stay where they are, unchanged, and are not drawn. */
  readonly staying: number
  /** Entries that do not fit the drawing. */
  readonly left: number
}

interface NodeData {
  readonly id: string
  readonly side: 'legacy' | 'new'
  readonly label: string
  readonly shown: string
}
interface LinkData {
  readonly fate: Fate
  readonly source: string
  readonly target: string
  readonly value: number
}

const mostDrawn = 48
/** Between the labels. */
const bandWidth = 320
/** More than a character of a label takes, whatever the font. */
const characterWidth = 8
const longestLabel = 40
const rowHeight = 22
const order: Readonly<Record<Fate, number>> = { lost: 0, discarded: 1, altered: 2, moved: 3, kept: 4 }
const nowhere = { lost: 'lost', discarded: 'discarded on purpose' } as const

/**
 * Lay out where columns go: legacy columns on the left, new ones on the right, a band for each way. A column that stays unchanged in its
 * place is only counted, so that what moves is seen.
 */
export function layOutLineage(lineage: readonly LineageEntry[]): LineageDrawing | undefined {
  const stays = ({ from, to, fate }: LineageEntry) => fate === 'kept' && to.length === 1 && to[0] === from
  const moving = lineage.filter((entry) => !stays(entry)).toSorted((left, right) => order[left.fate] - order[right.fate])
  const shown = new Set(moving.slice(0, mostDrawn))
  // In the order of the schema, so that bands do not cross without need.
  const drawn = lineage.filter((entry) => shown.has(entry))
  if (drawn.length === 0) return undefined
  const { nodes, links } = graphOf(drawn)
  const rows = Math.max(...(['legacy', 'new'] as const).map((side) => nodes.filter((node) => node.side === side).length), links.length / 2)
  const widthOf = (side: NodeData['side']) =>
    20 + characterWidth * Math.max(0, ...nodes.filter((node) => node.side === side).map(({ shown }) => [...shown].length))
  const start = widthOf('legacy')
  const height = Math.ceil(rows * rowHeight) + 8
  const layout = sankey<NodeData, LinkData>()
    .nodeId(({ id }) => id)
    .nodeWidth(8)
    .nodePadding(8)
    .nodeSort(null)
    .extent([
      [start, 4],
      [start + bandWidth, height - 4],
    ])
  const graph = layout({ nodes: nodes.map((node) => ({ ...node })), links: links.map((link) => ({ ...link })) })
  const path = sankeyLinkHorizontal<NodeData, LinkData>()
  return {
    width: start + bandWidth + widthOf('new'),
    height,
    columns: graph.nodes.map(columnOf),
    ways: graph.links.map((link) => wayOf(link, path(link) ?? '')),
    staying: lineage.filter(stays).length,
    left: moving.length - drawn.length,
  }
}

function graphOf(entries: readonly LineageEntry[]): { readonly nodes: readonly NodeData[]; readonly links: readonly LinkData[] } {
  const bare = commonSchema(entries.flatMap(({ from, to }) => [from, ...to]))
  const nodes = new Map<string, NodeData>()
  const links = new Map<string, LinkData>()
  const node = (side: NodeData['side'], label: string) => {
    const id = JSON.stringify([side, label])
    const shown = shorten(label.startsWith(bare) ? label.slice(bare.length) : label, longestLabel)
    if (!nodes.has(id)) nodes.set(id, { id, side, label, shown })
    return id
  }
  for (const { from, to, fate } of entries) {
    const source = node('legacy', from)
    const targets = to.length > 0 ? to : [fate === 'lost' || fate === 'discarded' ? nowhere[fate] : 'nowhere']
    for (const label of targets) {
      const target = node('new', label)
      links.set(JSON.stringify([source, target]), { source, target, fate, value: 1 })
    }
  }
  return { nodes: [...nodes.values()], links: [...links.values()] }
}

/** The schema with its dot, where all labels are of one. */
function commonSchema(labels: readonly string[]): string {
  const schemas = new Set(labels.map((label) => label.slice(0, label.indexOf('.') + 1)))
  const [only = '', ...others] = schemas
  return others.length === 0 ? only : ''
}

function columnOf({ side, label, shown, x0 = 0, y0 = 0, y1 = 0 }: SankeyNode<NodeData, LinkData>): DrawnColumn {
  return { side, label, shown, x: x0, y: round(y0), height: round(y1 - y0) }
}

function wayOf({ fate, width = 1, source, target }: SankeyLink<NodeData, LinkData>, path: string): DrawnWay {
  const labelOf = (end: string | number | SankeyNode<NodeData, LinkData>) => (typeof end === 'object' ? end.label : '')
  const short = path.replaceAll(/-?\d+\.\d+/g, (number) => String(round(Number(number))))
  return { fate, path: short, width: round(width), from: labelOf(source), to: labelOf(target) }
}

function round(number: number): number {
  return Math.round(number * 10) / 10
}
