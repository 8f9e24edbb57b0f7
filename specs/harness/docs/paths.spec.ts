import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const pages = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).flatMap((name) => (name.endsWith('.md') ? [join('docs', name)] : [])),
]
/** A path in backticks begins with one of these, or with a room of `harness/`; any other is a path of the reader's own. */
const folders = ['docs', 'fixtures', 'harness', 'scripts', 'specs'] as const
const rooms = new Set(readdirSync('harness').filter((name) => statSync(join('harness', name)).isDirectory()))
const present = folders.flatMap((folder) => [
  folder,
  ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
])

/** A page without the blocks that show code. */
function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')
}

function pathsIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\s]+\/[^`\s]*)`/g)].flatMap(([, path = '']) => {
    const first = path.split('/')[0] ?? ''
    if (folders.some((folder) => folder === first)) return [path]
    return rooms.has(first) ? [`harness/${path}`] : []
  })
}

/** Whether a path is there; `*`, `**` and a name in angle brackets (`fixtures/specimens/<id>/`) stand for any. */
function isThere(path: string): boolean {
  const parts = path.replace(/\/$/, '').split(/(<[^>]+>|\*\*\/|\*)/)
  const pattern = parts.map((part, at) =>
    at % 2 === 0 ? part.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&') : part === '**/' ? '(.*/)?' : '[^/]*',
  )
  const whole = new RegExp(`^${pattern.join('')}$`)
  return present.some((each) => whole.test(each))
}

function linksIn(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)/g)].flatMap(([, target = '']) => (/^[a-z]+:/.test(target) ? [] : [target]))
}

describe.each(pages)('%s', (page) => {
  test('names files and folders that are there', () => {
    expect(pathsIn(proseOf(page)).filter((path) => !isThere(path))).toEqual([])
  })

  test('links to pages that are there', () => {
    expect(linksIn(proseOf(page)).filter((target) => !existsSync(join(dirname(page), target)))).toEqual([])
  })
})

test('a path of the repository is told from a path of the reader’s, and one that is there from one that is not', () => {
  expect(pathsIn('`run/stage.ts`, `db/steps`, `--flag` and `specs/**/*.bench.ts`')).toEqual(['harness/run/stage.ts', 'specs/**/*.bench.ts'])
  const paths = [
    'harness/run/stage.ts',
    'harness/run/',
    'harness/invariants/<id>/rules.ts',
    'specs/**/*.bench.ts',
    'harness/verify/stage.ts',
  ]
  expect(paths.filter((path) => !isThere(path))).toEqual(['harness/verify/stage.ts'])
})
