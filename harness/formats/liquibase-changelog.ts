import { readdir } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { InputError } from '../errors.ts'
import { isDirectory, isFile, SourceText } from '../migration/index.ts'
import { byUnits, type Folder } from './folder.ts'
import { type ChangeSet, isForPostgres, type LiquibaseSql, plainChangeSet, refusedChangeSet } from './liquibase-change-set.ts'
import { conditionOf } from './liquibase-conditions.ts'
import { type Element, readChangelogElement } from './liquibase-element.ts'
import { isFormattedSql, readFormattedSql } from './liquibase-formatted.ts'
import { parentsOf } from './parents.ts'

/** All change sets that a changelog leads to, in Liquibase's order. */
export interface Changelog {
  readonly changeSets: readonly ChangeSet[]
  /** Values for `${name}`; the first that is given to a name stays. */
  readonly properties: ReadonlyMap<string, string>
  /** Names of all files that it was read from, relative to the folder. */
  readonly files: ReadonlySet<string>
  readonly warnings: readonly string[]
}

/** Reads changelogs, one file after the other, with what they include. */
export class ChangelogReader {
  readonly #folder: Folder
  readonly #changeSets: ChangeSet[] = []
  readonly #properties = new Map<string, string>()
  readonly #files = new Set<string>()
  readonly #warnings: string[] = []

  constructor(folder: Folder) {
    this.#folder = folder
  }

  get changelog(): Changelog {
    return { changeSets: this.#changeSets, properties: this.#properties, files: this.#files, warnings: this.#warnings }
  }

  /**
   * Read a file: a changelog, or SQL with annotations or without.
   *
   * @param name  Relative to the folder.
   * @throws {InputError} for a file that cannot be read, is no changelog, or includes itself.
   */
  async read(name: string, above: readonly string[] = []): Promise<void> {
    const shown = this.#folder.shown(name)
    if (above.includes(name)) throw new InputError(`"${shown}" includes itself`)
    this.#files.add(name)
    const text = await this.#folder.text(name)
    if (/\.sql$/i.test(name)) return this.#readSql(name, shown, text)
    const root = readChangelogElement(shown, text)
    if (root === undefined) throw new InputError(`"${shown}" has no "databaseChangeLog"`)
    for (const element of root.children) await this.#readElement(element, name, above)
  }

  #readSql(name: string, shown: string, text: string): void {
    if (!isFormattedSql(text)) {
      this.#changeSets.push(plainChangeSet(name, SourceText.of(shown, text)))
      return
    }
    const { changeSets, properties, lost } = readFormattedSql(name, shown, text)
    for (const [key, value] of properties) this.#define(key, value)
    this.#changeSets.push(...changeSets)
    if (lost !== undefined)
      this.#warnings.push(`${shown}:${lost}: stands in front of the first "--changeset": Liquibase leaves it out in silence`)
    if (changeSets.length === 0) this.#warnings.push(`"${shown}" has no "--changeset": Liquibase does nothing with it`)
  }

  async #readElement(element: Element, name: string, above: readonly string[]): Promise<void> {
    const { attributes } = element
    try {
      switch (element.name) {
        case 'property':
          if (isForPostgres(attributes.get('dbms'))) this.#define(attributes.get('name') ?? '', attributes.get('value') ?? '')
          return
        case 'include': {
          const file = this.#resolve(attributes.get('file') ?? '', name, attributes, isFile)
          return await this.read(file, [...above, name])
        }
        case 'includeAll':
          for (const file of await this.#allIn(element, name)) await this.read(file, [...above, name])
          return
        case 'changeSet':
          this.#changeSets.push(await this.#changeSetOf(element, name))
          return
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      this.#changeSets.push(refusedChangeSet(name, element.line, error))
    }
  }

  #define(name: string, value: string): void {
    if (!this.#properties.has(name)) this.#properties.set(name, value)
  }

  /** The name of a file or folder that a changelog names: beside it, or in a folder of the class path, which nobody tells us. */
  #resolve(path: string, from: string, attributes: ReadonlyMap<string, string>, isThere: (path: string) => boolean): string {
    const plain = path.replace(/^classpath\*?:/, '').replace(/^[\\/]+/, '')
    const own = dirname(this.#folder.path(from))
    const places = attributes.get('relativeToChangelogFile') === 'true' ? [own] : [...parentsOf(own), own]
    const found = places.map((place) => join(place, plain)).find(isThere)
    if (found === undefined) throw new InputError(`"${this.#folder.shown(from)}" includes "${path}", which is not there`)
    return relative(this.#folder.root, found).split(sep).join('/')
  }

  async #allIn({ attributes }: Element, name: string): Promise<readonly string[]> {
    const directory = this.#resolve(attributes.get('path') ?? '', name, attributes, isDirectory)
    const ending = attributes.get('endsWithFilter') ?? ''
    const found = await readdir(this.#folder.path(directory), { recursive: true, withFileTypes: true })
    return found
      .filter((entry) => entry.isFile() && /\.(sql|xml|ya?ml|json)$/i.test(entry.name) && entry.name.endsWith(ending))
      .map((entry) => relative(this.#folder.root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort(byUnits)
  }

  async #changeSetOf(element: Element, name: string): Promise<ChangeSet> {
    const { attributes, children } = element
    const given = children.find((child) => child.name === 'changes')?.children ?? children.filter(isChange)
    const changes = given.filter((change) => isForPostgres(change.attributes.get('dbms')))
    const rollbacks = children.filter((child) => child.name === 'rollback')
    const preConditions = children.find((child) => child.name === 'preConditions')
    const files: string[] = []
    const sqlsOf = async (elements: readonly Element[]) => {
      const sqls: LiquibaseSql[] = []
      for (const each of elements) sqls.push(...(await this.#sqlOf(each, name, files)))
      return sqls
    }
    const downBy = rollbacks.map(referenceOf).find((each) => each !== undefined)
    const back = rollbacks.flatMap((each) => (each.children.some(isChange) ? each.children.filter(isChange) : [each]))
    const canGoBack = back.length > 0 && downBy === undefined && back.every((each) => /^(sql|sqlFile|rollback|empty)$/.test(each.name))
    const dbms = attributes.get('dbms')
    return {
      ...{ file: name, line: element.line, id: attributes.get('id') ?? '', author: attributes.get('author') ?? '', raw: element.raw },
      up: await sqlsOf(changes),
      down: canGoBack ? await sqlsOf(back) : undefined,
      downBy,
      foreign: changes.flatMap((change) => (/^(sql|sqlFile|empty|tagDatabase|output)$/.test(change.name) ? [] : [change.name])),
      skipped: attributes.get('ignore') === 'true' ? 'it says ignore' : isForPostgres(dbms) ? undefined : `it is for ${dbms}`,
      transaction: attributes.get('runInTransaction') !== 'false',
      repeatable: ['runOnChange', 'runAlways'].some((key) => attributes.get(key) === 'true'),
      failsQuietly: attributes.get('failOnError') === 'false',
      condition: preConditions === undefined ? undefined : conditionOf(preConditions),
      files,
    }
  }

  async #sqlOf(element: Element, from: string, files: string[]): Promise<readonly LiquibaseSql[]> {
    const { attributes, name } = element
    const splitting = { splits: attributes.get('splitStatements') !== 'false', delimiter: attributes.get('endDelimiter') }
    if (name === 'sqlFile') {
      const file = this.#resolve(attributes.get('path') ?? '', from, attributes, isFile)
      files.push(file)
      this.#files.add(file)
      return [{ ...splitting, text: SourceText.of(this.#folder.shown(file), await this.#folder.text(file)) }]
    }
    if (name !== 'sql' && name !== 'rollback') return []
    const text = element.children.find((child) => child.name === 'sql')?.text ?? element.text
    return text.text.trim() === '' ? [] : [{ ...splitting, text }]
  }
}

/** Not what a change set's element holds besides its changes. */
function isChange({ name }: Element): boolean {
  return name !== '' && !/^(comment|preConditions|rollback|validCheckSum|modifySql|property|changes)$/.test(name)
}

function referenceOf({ attributes }: Element): ChangeSet['downBy'] {
  const [id, author] = [attributes.get('changeSetId'), attributes.get('changeSetAuthor')]
  return id === undefined || author === undefined ? undefined : { id, author }
}
