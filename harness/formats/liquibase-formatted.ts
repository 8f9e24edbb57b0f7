import { InputError } from '../errors.ts'
import { SourceText } from '../migration/index.ts'
import { type ChangeSet, isForPostgres, refusedChangeSet } from './liquibase-change-set.ts'
import { allOf, type Condition, existsCheck, otherwiseOf, sqlCheck } from './liquibase-conditions.ts'

export interface FormattedSql {
  readonly changeSets: readonly ChangeSet[]
  /** `--property` lines, for all change sets after them. */
  readonly properties: ReadonlyMap<string, string>
  /** The first line of SQL in front of all change sets: Liquibase leaves it out in silence. */
  readonly lost: number | undefined
}

/** Whether a file of SQL has the header by which Liquibase knows its annotations. */
export function isFormattedSql(text: string): boolean {
  return /^\uFEFF?\s*--\s*liquibase\s*formatted/i.test(text)
}

interface Line {
  readonly text: string
  readonly number: number
  readonly start: number
  /** Behind the line's end. */
  readonly end: number
}

/** A change set while it is read. */
interface Begun {
  readonly line: Line
  readonly id: string
  readonly author: string
  readonly up: SourceText[]
  readonly down: SourceText[]
  readonly conditions: SourceText[]
  otherwise: Condition['otherwise']
  refused: InputError | undefined
}

/**
 * Read formatted SQL as Liquibase does, line by line.
 *
 * @param file   Relative to the folder.
 * @param shown  The same for messages.
 * @see https://github.com/liquibase/liquibase/blob/master/liquibase-standard/src/main/java/liquibase/parser/AbstractFormattedChangeLogParser.java
 */
export function readFormattedSql(file: string, shown: string, text: string): FormattedSql {
  const reader = new FormattedSqlReader(file, shown, text)
  return reader.read()
}

class FormattedSqlReader {
  readonly #file: string
  readonly #shown: string
  readonly #source: SourceText
  readonly #lines: readonly Line[]
  readonly #changeSets: ChangeSet[] = []
  readonly #properties = new Map<string, string>()
  #at = 0
  #begun: Begun | undefined
  #lost: number | undefined

  constructor(file: string, shown: string, text: string) {
    this.#file = file
    this.#shown = shown
    this.#source = SourceText.of(shown, text)
    this.#lines = linesOf(text)
  }

  read(): FormattedSql {
    for (; this.#at < this.#lines.length; this.#at++) {
      const line = this.#lines[this.#at] as Line
      try {
        this.#readLine(line)
      } catch (error) {
        if (!(error instanceof InputError)) throw error
        // The other change sets of the file can still be judged.
        if (this.#begun === undefined) this.#changeSets.push(refusedChangeSet(this.#file, line.number, error))
        else this.#begun.refused ??= error
      }
    }
    this.#finish(this.#source.text.length)
    return { changeSets: this.#changeSets, properties: this.#properties, lost: this.#lost }
  }

  #readLine(line: Line): void {
    const { text } = line
    const property = /^\s*--\s*property\s+(?=.*:.*\s.*:)/i.test(text)
    if (property) this.#addProperty(text)
    else if (/^--\s*ignoreLines:/i.test(text)) this.#ignoreLines(text)
    else if (/^\s*--\s*changeset\s/i.test(text)) this.#begin(line)
    else if (/^-\s*(changeset|property|ignoreLines)\b/i.test(text)) {
      this.#finish(line.start)
      this.#refuse(line, 'an annotation begins with two dashes')
    } else if (this.#begun !== undefined) this.#readWithin(line, this.#begun)
    else if (text.trim() !== '' && !/^\s*(--|\/\*)/.test(text)) this.#lost ??= line.number
  }

  #begin(line: Line): void {
    const [, author, id] = /^\s*--\s*changeset\s+("[^"]+"|[^:]+):("[^"]+"|\S+)/i.exec(line.text) ?? []
    this.#finish(line.start)
    if (author === undefined || id === undefined) this.#refuse(line, 'is no "--changeset author:id"')
    this.#begun = {
      ...{ line, id: unquoted(id ?? ''), author: unquoted(author ?? ''), up: [], down: [], conditions: [] },
      otherwise: 'halt',
      refused: undefined,
    }
  }

  #readWithin(line: Line, begun: Begun): void {
    const { text } = line
    const rollback = /^\s*--\s*rollback (.*)/i.exec(text)
    const precondition = /^\s*--\s*precondition-([a-z0-9-]+)(?:\s+(.*))?$/i.exec(text)
    const preconditions = /^\s*--\s*preconditions(.*)/i.exec(text)
    if (rollback !== null) begun.down.push(this.#source.slice(line.start + text.length - (rollback[1] ?? '').length, line.end))
    else if (/^\s*\/\*\s*liquibase\s*rollback\s*$/i.test(text)) this.#readRollback(line, begun)
    else if (preconditions !== null) begun.otherwise = otherwiseOf(attributeIn(preconditions[1] ?? '', 'onFail'))
    else if (precondition !== null) this.#addCondition(line, begun, precondition[1] ?? '', precondition[2]?.trim() ?? '')
    else if (/^--\s*(comment:?|validCheckSum:?) /i.test(text)) return
    else if (/^--\s*comments:? /i.test(text)) this.#refuse(line, '"--comments" is no annotation: it is "--comment"')
    else if (/^\s*-\s*(rollback|preconditions?|comment|validCheckSum)\b/i.test(text))
      this.#refuse(line, 'an annotation begins with two dashes')
    else begun.up.push(this.#source.slice(line.start, line.end))
  }

  /** Liquibase puts the lines of such a comment together without the ends between them. */
  #readRollback(first: Line, begun: Begun): void {
    for (this.#at++; this.#at < this.#lines.length; this.#at++) {
      const { text, start } = this.#lines[this.#at] as Line
      const end = /\*\/\s*$/.exec(text)
      begun.down.push(this.#source.slice(start, start + (end?.index ?? text.length)))
      if (end === null) continue
      begun.down.push(this.#source.inPlace(start, '\n'))
      return
    }
    this.#refuse(first, 'the comment with the rollback has no end')
  }

  #addCondition(line: Line, begun: Begun, kind: string, body: string): void {
    const at = line.start + line.text.trimEnd().length - body.length
    const place = this.#source.slice(at, at + body.length)
    if (kind === 'sql-check') {
      const [head, , word, single, double] = /^(expectedResult:)?(?:(\w+)|'([^']+)'|"([^"]+)") /.exec(body) ?? []
      if (head === undefined) this.#refuse(line, 'is no precondition: it is "--precondition-sql-check expectedResult:0 SELECT …"')
      begun.conditions.push(sqlCheck(place.slice(head?.length ?? 0), word ?? single ?? double ?? ''))
      return
    }
    const [, type] = /^(table|view)-exists$/.exec(kind) ?? []
    const name = type === undefined ? undefined : attributeIn(body, type)
    if (type === undefined) this.#refuse(line, `"${kind}" is no precondition in formatted SQL`)
    if (name === undefined) this.#refuse(line, `the precondition names no ${type}`)
    const schema = attributeIn(body, 'schema')
    begun.conditions.push(existsCheck(place, type === 'view' ? 'view' : 'table', { schema, name: name ?? '' }))
  }

  #finish(end: number): void {
    const begun = this.#begun
    if (begun === undefined) return
    this.#begun = undefined
    const { line, id, author, otherwise } = begun
    const header = line.text
    const text = SourceText.join(begun.up)
    const rollback = SourceText.join(begun.down)
    const isEmpty = /^\s*(not required|empty)/i.test(rollback.text)
    const [downBy] = /changesetid/i.test(rollback.text) ? [referenceIn(rollback.text)] : []
    const dbms = /dbms:([^,][\w!,]+)/i.exec(header)?.[1]
    const ignored = /^true$/i.test(attributeIn(header, 'ignore') ?? '')
    const down = {
      text: rollback,
      splits: isOn(header, 'rollbackSplitStatements', true),
      delimiter: attributeIn(header, 'rollbackEndDelimiter'),
    }
    const hasSql = text.text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim() !== ''
    this.#changeSets.push({
      file: this.#file,
      line: line.number,
      id,
      author,
      up: [{ text, splits: isOn(header, 'splitStatements', true), delimiter: attributeIn(header, 'endDelimiter') }],
      down: rollback.text.trim() === '' || downBy !== undefined ? undefined : isEmpty ? [] : [down],
      downBy,
      foreign: [],
      skipped: ignored ? 'it says ignore:true' : isForPostgres(dbms) ? undefined : `it is for ${dbms}`,
      transaction: isOn(header, 'runInTransaction', true),
      repeatable: isOn(header, 'runOnChange', false) || isOn(header, 'runAlways', false),
      failsQuietly: !isOn(header, 'failOnError', true),
      condition: begun.conditions.length === 0 ? undefined : { otherwise, expression: allOf(begun.conditions) },
      raw: this.#source.text.slice(line.start, end).trimEnd(),
      files: [],
      refused:
        begun.refused ??
        (hasSql ? undefined : new InputError(`${this.#shown}:${line.number}: the change set "${author}:${id}" has no SQL`)),
    })
  }

  #addProperty(text: string): void {
    const [name, value] = [attributeIn(text, 'name'), /\bvalue:\s*(\S+)/i.exec(text)?.[1]]
    // The first value that applies stays.
    if (name !== undefined && value !== undefined && isForPostgres(attributeIn(text, 'dbms')) && !this.#properties.has(name))
      this.#properties.set(name, value)
  }

  #ignoreLines(text: string): void {
    const argument = /:(\w+)/.exec(text)?.[1] ?? ''
    if (argument !== 'start') {
      this.#at += /^\d+$/.test(argument) ? Number(argument) : 0
      return
    }
    const end = this.#lines.findIndex((line, at) => at > this.#at && /^--\s*ignoreLines:end\s*$/i.test(line.text))
    this.#at = end < 0 ? this.#lines.length : end
  }

  #refuse(line: Line, because: string): never {
    throw new InputError(`${this.#shown}:${line.number}: ${because}`, { hint: 'Liquibase refuses the file.' })
  }
}

function linesOf(text: string): readonly Line[] {
  return [...text.matchAll(/([^\n]*)(\n|$)/g)]
    .filter((match) => match[0] !== '')
    .map((match, at) => ({
      text: (match[1] ?? '').replace(/\r$/, ''),
      number: at + 1,
      start: match.index,
      end: match.index + match[0].length,
    }))
}

/** The value of an attribute: `name:value`, the last of its name as Liquibase's patterns find it. */
function attributeIn(text: string, name: string): string | undefined {
  const value = new RegExp(`.*\\b${name}:\\s*("[^"]*"|\\S+)`, 'i').exec(text)?.[1]
  return value === undefined ? undefined : unquoted(value)
}

function isOn(text: string, name: string, usual: boolean): boolean {
  const value = new RegExp(`.*\\b${name}:(\\w+)`, 'i').exec(text)?.[1]
  return value === undefined ? usual : /^true$/i.test(value)
}

function referenceIn(text: string): ChangeSet['downBy'] {
  const [id, author] = [attributeIn(text, 'changesetId'), attributeIn(text, 'changesetAuthor')]
  return id === undefined || author === undefined ? undefined : { id, author }
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/, '$1').trim()
}
