import { asList, asText, fieldsOf, nodeOf, parseScript, parseTree, type Script, SourceMap, type Statement } from '../migration/index.ts'
import { quoteIdentifier } from '../postgres/index.ts'
import { lz4Places } from './compression.ts'
import { extensionsOf, extensionWants } from './extension-wants.ts'
import { partitionFor } from './partitions.ts'
import { mentionsOf } from './role-mentions.ts'
import { createsShared, sharedRolesInBody } from './shared-roles.ts'

/** How scripts must be changed to run here. */
export interface Adaptation {
  /** Statements about these extensions are left out. */
  readonly made: ReadonlySet<string>
  /** Of those, the ones that no CREATE EXTENSION would find: in a body too they are left out. */
  readonly unavailable: ReadonlySet<string>
  /** Schemas made for an extension: a plain CREATE SCHEMA is left out. */
  readonly schemas: ReadonlySet<string>
  /** Extensions whose wanted version is not there. */
  readonly versions: ReadonlySet<string>
  /** Access methods without the options that they really have. */
  readonly accessMethods: ReadonlySet<string>
  /** The role that acts for another, by the other's name. */
  readonly aliases: ReadonlyMap<string, string>
  /** Foreign-data wrappers made beforehand. */
  readonly wrappers: ReadonlySet<string>
  /** Roles made beforehand that a script creates. */
  readonly sharedRoles: ReadonlySet<string>
  /** Partitioned tables that get a partition, by their bare names. */
  readonly partitioned: ReadonlySet<string>
  /** The server is built without lz4: pglz takes its place. */
  readonly withoutLz4: boolean
  readonly leavesOut: (statement: Statement) => boolean
}

/** Changes nothing; to be spread. */
export const noAdaptation: Adaptation = {
  made: new Set(),
  unavailable: new Set(),
  schemas: new Set(),
  versions: new Set(),
  accessMethods: new Set(),
  aliases: new Map(),
  wrappers: new Set(),
  sharedRoles: new Set(),
  partitioned: new Set(),
  withoutLz4: false,
  leavesOut: () => false,
}

interface Splice {
  /** UTF-16 units into the script's text. */
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The script as it runs in the environment; the very same one where nothing is to be changed. Lines stay where they are. */
export function adaptScript(script: Script, adaptation: Adaptation): Script {
  const splices = script.statements.flatMap((statement) => splicesOf(statement, adaptation))
  if (splices.length === 0) return script
  let text = script.text
  for (const { start, end, text: replacement } of splices.toSorted((left, right) => right.start - left.start)) {
    text = text.slice(0, start) + replacement + text.slice(end)
  }
  return parseScript(script.file, text, { mode: script.mode })
}

function splicesOf(statement: Statement, adaptation: Adaptation): readonly Splice[] {
  if (isLeftOut(statement, adaptation)) return [{ ...span(statement), text: blank(statement.text) }]
  return [
    ...roleSplices(statement, adaptation.aliases),
    ...versionSplices(statement, adaptation),
    ...optionSplices(statement, adaptation),
    ...bodySplices(statement, adaptation),
    ...partitionSplices(statement, adaptation.partitioned),
    ...(adaptation.withoutLz4 ? lz4Places(statement) : []).map(({ start, end }) => ({
      start: start + statement.offset,
      end: end + statement.offset,
      text: 'pglz',
    })),
    ...sharedRolesInBody(statement, adaptation.sharedRoles).map((each) => ({
      ...each,
      start: each.start + statement.offset,
      end: each.end + statement.offset,
    })),
  ]
}

function isLeftOut(statement: Statement, { made, schemas, wrappers, sharedRoles, leavesOut }: Adaptation): boolean {
  if (leavesOut(statement) || createsShared(statement, sharedRoles)) return true
  const { tree } = statement
  const extensions = extensionsOf(tree)
  if (extensions.length > 0) return extensions.some((name) => made.has(name))
  const wrapper = asText(fieldsOf(tree, 'CreateFdwStmt')?.fdwname)
  if (wrapper !== undefined) return wrappers.has(wrapper)
  const schema = fieldsOf(tree, 'CreateSchemaStmt')
  return (
    schema !== undefined && schema.if_not_exists !== true && schema.schemaElts === undefined && schemas.has(asText(schema.schemaname) ?? '')
  )
}

function roleSplices(statement: Statement, aliases: ReadonlyMap<string, string>): readonly Splice[] {
  if (aliases.size === 0 || !mentionsOf(statement).some(({ role }) => aliases.has(role))) return []
  const map = new SourceMap(statement.text)
  // Read again by itself, so that places count from its own beginning.
  const [again] = parseTree(statement.text)
  const places = mentionsOf({ ...statement, tree: again?.tree }).flatMap(({ role, location }) => {
    const actual = aliases.get(role)
    if (actual === undefined || location === undefined) return []
    const start = map.utf16OfByte(location)
    const written = /^("(?:[^"]|"")*"|'(?:[^']|'')*'|[\w$\u0080-\uffff]+)/.exec(statement.text.slice(start))?.[0]
    return written === undefined || /^(role|session)$/i.test(written)
      ? roleAfter(statement.text, start, role, actual)
      : [{ start, end: start + written.length, text: quoteIdentifier(actual) }]
  })
  return [...places, ...rolesInBody(statement, aliases)].map((each) => ({
    ...each,
    start: each.start + statement.offset,
    end: each.end + statement.offset,
  }))
}

/** Owners in the text of a DO, which no tree places. */
function rolesInBody(statement: Statement, aliases: ReadonlyMap<string, string>): readonly Splice[] {
  if (statement.node !== 'DoStmt') return []
  const owner = /\b(owner\s+to|for\s+(?:role|user)|authorization|set\s+role)\s+("(?:[^"]|"")+"|\w+)/gi
  return [...statement.text.matchAll(owner)].flatMap((match) => {
    const name = match[2] ?? ''
    const actual = aliases.get(name.replaceAll('"', ''))
    const end = match.index + match[0].length
    return actual === undefined ? [] : [{ start: end - name.length, end, text: quoteIdentifier(actual) }]
  })
}

/** The tree places `SET ROLE x` at its first word. */
function roleAfter(text: string, start: number, role: string, actual: string): readonly Splice[] {
  const at = text.indexOf(role, start)
  if (at < 0) return []
  const quoted = /["']/.test(text[at - 1] ?? '')
  return [{ start: quoted ? at - 1 : at, end: at + role.length + (quoted ? 1 : 0), text: quoteIdentifier(actual) }]
}

function versionSplices(statement: Statement, { versions }: Adaptation): readonly Splice[] {
  const [want] = statement.node === 'CreateExtensionStmt' ? extensionsOf(statement.tree) : []
  return want === undefined || !versions.has(want) ? [] : matches(statement, /\bversion\s+('[^']*'|"[^"]*"|[\w.]+)/gi, blank)
}

function optionSplices(statement: Statement, { accessMethods }: Adaptation): readonly Splice[] {
  const index = fieldsOf(statement.tree, 'IndexStmt')
  if (index === undefined || asList(index.options).length === 0 || !accessMethods.has(asText(index.accessMethod) ?? '')) return []
  return matches(statement, /\bwith\s*\([^()]*\)/gi, blank).slice(-1)
}

/** In a DO, what creates an extension that is not there does nothing. */
function bodySplices(statement: Statement, { unavailable }: Adaptation): readonly Splice[] {
  if (nodeOf(statement.tree)?.name !== 'DoStmt' || unavailable.size === 0) return []
  const script: Script = { file: '', text: '', statements: [statement], mode: 'autocommit' }
  if (!extensionWants([script]).some((each) => each.inBody && unavailable.has(each.name))) return []
  return matches(statement, /\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?("[^"]+"|\w+)[^;']*/gi, (text, name, before) => {
    if (!unavailable.has(name.replaceAll('"', ''))) return text
    // What EXECUTE runs must be SQL; PL/pgSQL's own word for nothing is NULL.
    const nothing = before === "'" ? 'SELECT 1' : 'NULL'
    return `${nothing}${blank(text).slice(nothing.length)}`
  })
}

function partitionSplices(statement: Statement, partitioned: ReadonlySet<string>): readonly Splice[] {
  const sql = partitionFor(statement, partitioned)
  const { end } = span(statement)
  return sql === undefined ? [] : [{ start: end, end, text: `; ${sql}` }]
}

function matches(
  statement: Statement,
  pattern: RegExp,
  replace: (text: string, group: string, before: string) => string,
): readonly Splice[] {
  return [...statement.text.matchAll(pattern)].map((match) => ({
    start: statement.offset + match.index,
    end: statement.offset + match.index + match[0].length,
    text: replace(match[0], match[1] ?? '', statement.text[match.index - 1] ?? ''),
  }))
}

function span(statement: Statement): { readonly start: number; readonly end: number } {
  return { start: statement.offset, end: statement.offset + statement.text.length }
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ')
}
