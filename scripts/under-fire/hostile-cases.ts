import { metaPrefix, rowMarkers } from '../../harness/report/index.ts'
import { hostileInput } from '../../specs/harness/report/page-support.ts'
import { exampleResult } from '../../specs/harness/result/result-arbitrary.ts'
import type { Draw } from './draw.ts'
import { hostileArgument, hostileFileName, hostileJson, hostileLiteral, hostileName, hostileText } from './hostile-text.ts'

/** A hostile input, and the command that reads it. */
export interface HostileCase {
  /** By path below the folder in which the command runs. */
  readonly files: Readonly<Record<string, string>>
  readonly args: readonly string[]
}

type Maker = (draw: Draw, url: string) => HostileCase

/** Where nothing listens: what comes before a server is tried, and the server is not. */
const nowhere = 'postgres://nobody@127.0.0.1:1/nothing'
const pair = {
  'm/legacy.sql': 'CREATE TABLE items (id int PRIMARY KEY, notes text)',
  'm/up.sql': 'ALTER TABLE items ADD COLUMN extra text',
}
const result = exampleResult([{}])
const gateRecord = {
  version: 1,
  digest: result.digest,
  baseline: null,
  projects: [
    { project: null, steps: ['m'], files: { 'm/up.sql': 'x' }, options: { runs: 5 }, server: { version: '18.4', from: 'embedded' } },
  ],
}
const saved = { 'reports/results.json': JSON.stringify(result), 'reports/gate.json': JSON.stringify(gateRecord) }
const configuration = {
  path: 'm',
  report: 'reports',
  runs: 2,
  seed: 7,
  postgres: '18',
  format: 'pair',
  prelude: ['p.sql'],
  baseline: 'b.json',
  waivers: [{ invariant: 'zero-loss', owner: 'a', reason: 'b', expires: '2030-01-01' }],
  projects: [{ name: 'a', path: 'm' }],
}
const baseline = {
  version: 1,
  steps: [
    {
      migration: 'm',
      digest: 'd',
      accepted: [
        {
          id: 'f',
          invariant: 'zero-loss',
          kind: 'cell-lost',
          severity: 'error',
          relation: 'r',
          attribute: 'a',
          message: 'm',
          since: '2026-01-01',
        },
      ],
    },
  ],
}
const mapping = { name: 'rename_items', tables: { 'public.items': { to: 'public.things', columns: { notes: 'words' } } } }

/** Without a server; the name of each is what is hostile. */
export const plainMakers = {
  arguments: (draw) => ({
    files: pair,
    args: draw
      .pick([
        ['verify', '?', '--postgres', nowhere],
        ['gate', '?'],
        ['report', '?'],
        ['replay', '?'],
        ['init', '?'],
        ['baseline', '?', '--postgres', nowhere],
        ['?'],
        ['verify', 'm', '?', '--postgres', nowhere],
        ['verify', 'm', '--runs', '?', '--postgres', nowhere],
        ['verify', 'm', '--seed', '?', '--postgres', nowhere],
        ['verify', 'm', '--time-limit', '?', '--postgres', nowhere],
        ['verify', 'm', '--format', '?', '--postgres', nowhere],
        ['verify', 'm', '--postgres', '?:nothing'],
        ['verify', 'm', '--only', '?', '--postgres', nowhere],
        ['verify', 'm', '--since', '?', '--postgres', nowhere],
        ['verify', 'm', '--prelude', '?', '--postgres', nowhere],
        ['verify', 'm', '--config', '?', '--postgres', nowhere],
        ['verify', 'm', '--baseline', '?', '--postgres', nowhere],
        ['verify', 'm', '--project', '?', '--postgres', nowhere],
        ['evidence', 'm', '--check', '?'],
        ['rehearse', 'm', '--on', '?'],
        ['rehearse', 'm', '--dump', '?'],
        ['schema', 'diff', '?', 'postgres://nobody@127.0.0.1:1/a'],
        ['schema', '?'],
        ['compat', 'generate', '?', 'm'],
        ['usage', '?', '--url', nowhere],
        ['tombstone', '?', '--url', nowhere],
        ['ready', '?', '--url', nowhere],
        ['observe', '?', '--url', nowhere],
      ])
      .map((word) => word.replace('?', () => hostileArgument(draw))),
  }),
  folders: (draw) => {
    const folder = hostileFileName(draw)
    const files = Object.fromEntries(Object.entries(pair).map(([path, text]) => [path.replace('m/', () => `${folder}/`), text]))
    return {
      files: { ...files, ...saved, [`${folder}/${hostileFileName(draw)}.sql`]: 'SELECT 1' },
      args: draw.pick([
        ['gate', `./${folder}`],
        ['verify', `./${folder}`, '--postgres', nowhere],
        ['init', `./${folder}`],
      ]),
    }
  },
  steps: (draw) => ({
    files: {
      ...saved,
      [`m/0001_${hostileFileName(draw)}.sql`]: 'CREATE TABLE a (id int)',
      [`m/0002_${hostileFileName(draw)}${draw.pick(['.up', '.down', ''])}.sql`]: 'SELECT 1',
      [`m/${hostileFileName(draw)}/migration.sql`]: 'SELECT 1',
    },
    args: ['gate', 'm', ...draw.pick([[], ['--format', 'sql'], ['--format', 'flyway'], ['--format', 'prisma'], ['--format', 'goose']])],
  }),
  sql: (draw) => ({
    files: { ...pair, [draw.pick(['m/up.sql', 'm/legacy.sql', 'm/down.sql'])]: hostileSql(draw) },
    args: ['verify', 'm', '--postgres', nowhere],
  }),
  configurations: (draw) => ({
    files: {
      ...pair,
      ...saved,
      ...draw.pick<Record<string, string>>([
        { 'godwit.config.json': hostileJson(draw, configuration) },
        { 'godwit.config.mjs': `export default ${hostileJson(draw, configuration)}` },
        { 'godwit.config.mjs': `throw new Error(${JSON.stringify(hostileText(draw))})` },
        { 'godwit.config.mjs': hostileText(draw) },
      ]),
    },
    args: ['gate'],
  }),
  contracts: (draw) => ({
    files: {
      ...pair,
      ...saved,
      'm/contract.mjs': draw.pick([
        `export default ${hostileJson(draw, { discards: ['public.items.notes'], claims: { A: 'b' } })}`,
        `throw ${JSON.stringify(hostileText(draw))}`,
      ]),
    },
    args: ['verify', 'm', '--postgres', nowhere],
  }),
  baselines: (draw) => ({
    files: { ...pair, ...saved, 'b.json': hostileJson(draw, baseline) },
    args: ['gate', 'm', '--baseline', 'b.json'],
  }),
  counterexamples: (draw) => ({
    files: { ...pair, 'c.sql': hostileCounterexample(draw) },
    args: ['replay', 'c.sql', '--postgres', nowhere],
  }),
  results: (draw) => ({ files: { 'reports/results.json': hostileJson(draw, result) }, args: ['report'] }),
  names: (draw) => {
    const texts = Array.from({ length: 200 }, () => hostileText(draw))
    return { files: { 'reports/results.json': JSON.stringify(hostileInput(texts).result) }, args: ['report'] }
  },
  gates: (draw) => ({ files: { ...pair, ...saved, 'reports/gate.json': hostileJson(draw, gateRecord) }, args: ['gate', 'm'] }),
  mappings: (draw) => ({
    files: { ...pair, 'map.json': hostileJson(draw, mapping) },
    args: ['compat', 'generate', 'map.json', 'm', '--postgres', nowhere],
  }),
  references: (draw) => ({
    files: {
      ...pair,
      [`src/${hostileFileName(draw)}.ts`]: `db.query(${JSON.stringify(`SELECT * FROM items ${hostileText(draw)}`)}) // ${hostileText(draw)}`,
      [`src/${hostileFileName(draw)}.sql`]: `SELECT ${hostileLiteral(draw)} FROM items; ${hostileText(draw)}`,
      'src/x.md': `items ${hostileText(draw)}`,
    },
    args: [
      'references',
      ...draw.pick([
        ['items', 'things'],
        ['items', hostileArgument(draw)],
        [hostileArgument(draw), 'x'],
      ]),
      'src',
    ],
  }),
} satisfies Record<string, Maker>

/** With a server, at `url`. */
export const serverMakers = {
  relations: (draw, url) => {
    const [table, column, other, constraint] = [hostileName(draw), hostileName(draw), hostileName(draw), hostileName(draw)]
    const up = draw.pick([
      `ALTER TABLE ${table} DROP COLUMN ${other}`,
      `ALTER TABLE ${table} RENAME TO ${hostileName(draw)}`,
      `ALTER TABLE ${table} RENAME COLUMN ${other} TO ${hostileName(draw)}`,
      `UPDATE ${table} SET ${other} = ${hostileLiteral(draw)}`,
      `ALTER TABLE ${table} ADD CHECK (${other} <> ${hostileLiteral(draw)})`,
    ])
    return {
      files: {
        'm/legacy.sql': `CREATE TABLE ${table} (${column} int PRIMARY KEY, ${other} text DEFAULT ${hostileLiteral(draw)}, CONSTRAINT ${constraint} CHECK (${other} <> ${hostileLiteral(draw)}))`,
        'm/up.sql': up,
      },
      args: ['verify', 'm', '--runs', '2', '--postgres', url],
    }
  },
  replays: (draw, url) => ({
    files: { ...pair, 'c.sql': hostileCounterexample(draw) },
    args: ['replay', 'c.sql', '--postgres', url],
  }),
  databases: (draw, url) => {
    const [one, two] = [hostileArgument(draw), hostileArgument(draw)]
    return {
      files: pair,
      args: draw.pick([
        ['usage', one, '--url', url],
        ['tombstone', one, '--url', url],
        ['compare', one, two, '--url', url],
        ['compare', 'filled', one, '--url', url],
        ['references', one, two, '.', '--url', url],
        ['schema', 'types', url, '--schema', one],
        ['usage', 'filled', '--record', '--table', one, '--url', url],
      ]),
    }
  },
} satisfies Record<string, Maker>

function hostileCounterexample(draw: Draw): string {
  const meta = {
    version: 1,
    migration: 'm',
    paths: ['m'],
    finding: 'f',
    invariant: 'zero-loss',
    kind: 'cell-lost',
    relation: 'public.items',
    attribute: 'notes',
    object: null,
    message: 'x',
    server: '18.4',
    seed: '7',
    rows: 'rows',
  }
  const { begin, end } = rowMarkers('rows')
  const rows = draw.chance(0.5) ? `INSERT INTO items VALUES (1, ${hostileLiteral(draw)});` : hostileSql(draw)
  return `${metaPrefix}${draw.chance(0.5) ? JSON.stringify(meta) : hostileJson(draw, meta)}\n${begin}\n${rows}\n${end}\n`
}

function hostileSql(draw: Draw): string {
  if (draw.chance(0.2)) return hostileText(draw)
  const [name, literal] = [hostileName(draw), hostileLiteral(draw)]
  return draw.pick([
    `SELECT ${literal}; ${hostileText(draw)}`,
    `ALTER TABLE items RENAME notes TO ${name}`,
    `CREATE TABLE ${name} (${name} text CHECK (${name} <> ${literal}))`,
    `COMMENT ON TABLE items IS ${literal}`,
    `DO $x$ BEGIN RAISE EXCEPTION ${literal}; END $x$`,
    `UPDATE items SET notes = ${literal} -- ${hostileText(draw)}`,
    `-- ${hostileText(draw)}\nALTER TABLE items DROP COLUMN ${name}`,
    `${'('.repeat(500)}${name}`,
    `SELECT ${'('.repeat(3_000)}1${')'.repeat(3_000)}`,
  ])
}
