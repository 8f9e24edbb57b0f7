import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { markdownTable } from 'markdown-table'
import { startCluster } from '../../harness/postgres/index.ts'
import { corpusIds } from '../../specs/corpus/measure-corpus.ts'
import { type Peer, peers } from './peers.ts'
import { subjectOf } from './subject.ts'

interface Score {
  readonly peer: Peer
  found: number
  alarms: number
  seconds: number
  lines: number
  tried: number
  untried: number
  readonly missed: string[]
}

const page = 'docs/peers.md'
const [begin, end] = ['<!-- npm run bench:peers -- --write -->', '<!-- end -->']

// npm run bench:peers -- [--every 20] [--write]
const { values } = parseArgs({ options: { every: { type: 'string' }, write: { type: 'boolean' } } })
const every = Number(values.every ?? 20)
execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
await using cluster = await startCluster({ kind: 'embedded', major: 15 })
const scores = peers
  .filter(({ missing }) => missing === undefined)
  .map((peer): Score => {
    return { peer, found: 0, alarms: 0, seconds: 0, lines: 0, tried: 0, untried: 0, missed: [] }
  })
const ids = corpusIds().filter((_, at) => at % every === 0)
let [unsound, sound] = [0, 0]
for (const id of ids) {
  const folder = join('fixtures/corpus', id)
  const subject = await subjectOf(cluster, folder, id).catch((error: unknown) => {
    process.stdout.write(`${id}: ${error}\n`)
  })
  if (subject === undefined) continue
  const isSound = subject.expected.sound
  if (isSound) sound += 1
  else unsound += 1
  for (const score of scores) {
    const started = performance.now()
    const said = await score.peer.say(cluster, subject).catch((error: unknown) => {
      process.stdout.write(`${id}: ${score.peer.name} could not be tried: ${String(error).slice(0, 300)}\n`)
    })
    if (said === undefined) {
      score.untried += 1
      continue
    }
    score.seconds += (performance.now() - started) / 1_000
    score.tried += 1
    score.lines += said.lines
    if (isSound && said.objects !== undefined) score.alarms += 1
    if (!isSound && said.objects !== undefined) score.found += 1
    if (isSound === (said.objects !== undefined)) score.missed.push(`${id}: ${said.objects ?? 'nothing said'}`)
  }
  process.stdout.write('.')
}
const first = await subjectOf(cluster, 'migrations/stock-batches', 'stock-batches')
const startSeconds = Object.values(cluster.startTimings).reduce((sum, ms) => sum + ms, 0) / 1_000
const firstVerdict = new Map<Peer, string>()
for (const { peer } of scores) {
  const started = performance.now()
  const said = await peer.say(cluster, first).catch(() => undefined)
  const seconds = (performance.now() - started) / 1_000 + (peer.needsServer ? startSeconds : 0)
  firstVerdict.set(peer, said === undefined ? 'not tried' : seconds.toFixed(1))
}
const rows = scores.map(({ peer, found, alarms, seconds, lines, tried, untried }) => [
  peer.name,
  `${found} of ${unsound}`,
  `${alarms} of ${sound}`,
  (seconds / tried).toFixed(1),
  firstVerdict.get(peer) ?? '',
  String(Math.round(lines / tried)),
  String(untried),
])
const head = [
  '',
  'bad pairs found',
  'false alarms on sound pairs',
  'seconds a pair',
  'first verdict of stock-batches, with the start of a server, s',
  'lines written for a pair',
  'pairs not tried',
]
const missing = peers.flatMap(({ name, missing: why }) => (why === undefined ? [] : [`${name}: not tried, ${why}.`]))
const text = [markdownTable([head, ...rows]), ...missing].join('\n\n')
process.stdout.write(`\n${text}\n`)
for (const { peer, missed } of scores) process.stdout.write(`\n${peer.name}\n${missed.map((each) => `  ${each}\n`).join('')}`)
if (values.write === true) {
  const before = readFileSync(page, 'utf8')
  const [from, to] = [before.indexOf(begin), before.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${page} has no place for the table`)
  writeFileSync(page, `${before.slice(0, from + begin.length)}\n\n${text}\n\n${before.slice(to)}`)
}
