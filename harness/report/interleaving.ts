import type { Counterexample, SentStatement, Told } from '../interleavings/index.ts'
import { fence, prose } from './markdown-text.ts'
import { shorten, visibleText } from './visible-text.ts'

const widest = 120

/** One line for each thing that happened, in order: who sends what, who waits for whom, what comes back. */
export function interleavingLines({ statements }: Counterexample): readonly string[] {
  const width = Math.max(0, ...statements.map(({ session }) => visibleText(session).length))
  return happenings(statements).map(({ number, session, text }) => `${number.padStart(3)}  ${visibleText(session).padEnd(width)}  ${text}`)
}

/** The same as a sequence diagram of Mermaid. */
export function interleavingDiagram({ sessions, statements }: Counterexample): string {
  const names = Object.keys(sessions)
  const of = (session: string) => `s${names.indexOf(session) + 1}`
  const lines = statements.flatMap((sent, at) => {
    const waits = sent.waitedFor.length > 0
    return [
      `${of(sent.session)}->>db: ${entities(statementText(sent))}`,
      ...(waits ? [`Note over ${of(sent.session)}: waits for ${entities(sent.waitedFor.join(', '))}`] : [answer(sent)]),
      ...answeredLater(statements, at).map(answer),
    ]
  })
  function answer(sent: SentStatement): string {
    return `db-->>${of(sent.session)}: ${entities(toldText(sent.told))}`
  }
  return [
    'sequenceDiagram',
    ...names.map((name) => `  participant ${of(name)} as ${entities(name)}`),
    '  participant db as PostgreSQL',
    ...lines.map((line) => `  ${line}`),
  ].join('\n')
}

/** A page about one wrong interleaving: what is wrong, how it came, and how to see it again. */
export function renderInterleavingPage(name: string, counterexample: Counterexample, replay: string): string {
  return [
    `# ${prose(name)}`,
    prose(counterexample.violation.message),
    fence(interleavingDiagram(counterexample), 'mermaid'),
    fence(interleavingLines(counterexample).join('\n'), 'text'),
    'The same once more:',
    `${fence(replay, 'sh')}\n`,
  ].join('\n\n')
}

interface Happening {
  readonly number: string
  readonly session: string
  readonly text: string
}

function happenings(statements: readonly SentStatement[]): readonly Happening[] {
  return statements.flatMap((sent, at) => {
    const waits = sent.waitedFor.length > 0
    const end = waits ? `waits for ${visibleText(sent.waitedFor.join(', '))}` : `→ ${toldText(sent.told)}`
    return [
      { number: String(at + 1), session: sent.session, text: `${statementText(sent)}  ${end}` },
      ...answeredLater(statements, at).map((late) => ({
        number: '',
        session: late.session,
        text: `${statementText(late)}  → ${toldText(late.told)}`,
      })),
    ]
  })
}

/** Statements that waited and are answered once this one has been. */
function answeredLater(statements: readonly SentStatement[], at: number): readonly SentStatement[] {
  return statements.filter(({ waitedFor, answeredAfter }) => waitedFor.length > 0 && answeredAfter === at)
}

function statementText({ sql, parameters }: SentStatement): string {
  const text = sql.replaceAll(/\s+/g, ' ').trim()
  return shorten(visibleText(parameters.length === 0 ? text : `${text} ${JSON.stringify(parameters)}`), widest)
}

function toldText(told: Told): string {
  if ('sqlstate' in told) return shorten(visibleText(`${told.sqlstate}: ${told.message}`), widest)
  const rows = told.rows.length === 0 ? '' : ` ${JSON.stringify(told.rows)}`
  const count = told.rowCount === null || told.rows.length > 0 ? '' : ` ${told.rowCount}`
  return shorten(visibleText(`${told.command}${count}${rows}`), widest)
}

/** Mermaid ends a message at `;` and a line break, and reads `#` as the start of an entity, `<` as HTML. */
function entities(text: string): string {
  return visibleText(text).replaceAll(/[^\p{L}\p{N} ,.()*=_'→$+/[\]{}]/gu, (character) => `#${character.codePointAt(0)};`)
}
