import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { InputError } from '../errors.ts'
import { isFile } from '../migration/index.ts'
import { byUnits, type Folder, partsOf } from './folder.ts'
import type { Format, Read } from './format.ts'
import { ignoredFiles } from './ignored.ts'
import type { ChangeSet } from './liquibase-change-set.ts'
import type { Changelog } from './liquibase-changelog.ts'
import { isFormattedSql } from './liquibase-formatted.ts'
import { readChangeSet } from './liquibase-steps.ts'
import { parentsOf } from './parents.ts'
import { readStep } from './read-step.ts'

const tree = /\.(xml|ya?ml|json)$/i

/**
 * Change sets of formatted SQL, of `sql` and of `sqlFile`, in the order in which a changelog of XML, YAML or JSON includes them; without
 * one, by the names of the files. Each goes in a transaction, unless it says `runInTransaction:false`. Other kinds of changes are opaque:
 * Liquibase makes their SQL itself.
 *
 * @see https://docs.liquibase.com/concepts/changelogs/sql-format.html
 */
export const liquibase: Format<'liquibase'> = {
  id: 'liquibase',
  marker: '"--liquibase formatted sql", or a changelog of XML, YAML or JSON',
  historyTables: ['databasechangelog', 'databasechangeloglock'],
  files: /(changelog|liquibase|^master|^db\.)[^/]*\.(xml|ya?ml|json)$/i,
  marks: async (folder) => {
    if ((await changelogsIn(folder, '')).length > 0) return 'strong'
    return (await folder.contains(/^\uFEFF?\s*--\s*liquibase\s*formatted/i)) ? 'strong' : undefined
  },
  read: async (folder) => {
    const reading = { folder, tool: 'Liquibase', warnings: [] as string[] }
    const changelog = await readChangelog(folder, reading.warnings)
    refuseForeign(folder, changelog.changeSets)
    const properties = new Map([...(await givenProperties(folder.root)), ...changelog.properties])
    const named = changelog.changeSets.map((changeSet) => ({ changeSet, name: nameOf(changeSet) }))
    const steps: Read['steps'][number][] = []
    const ignored: Read['ignored'][number][] = []
    for (const [at, { changeSet, name: given }] of named.entries()) {
      const isSecond = named.findIndex((each) => each.name === given) < at
      const name = isSecond ? `${given} (line ${changeSet.line})` : given
      if (changeSet.skipped !== undefined) {
        ignored.push({ file: name, because: changeSet.skipped })
        continue
      }
      const files = [changeSet.file, ...changeSet.files]
      const part = { file: changeSet.file, text: changeSet.raw, heading: headingOf(changeSet) }
      const step = await readStep(reading, { name, version: name, files, part, repeatable: changeSet.repeatable }, async () => {
        if (isSecond) throw new InputError(`${folder.shown(changeSet.file)}:${changeSet.line}: the change set "${given}" stands twice`)
        return await readChangeSet(reading, changeSet, properties, revertingOf(changelog, changeSet))
      })
      steps.push(step)
    }
    const rest = folder.files.filter((name) => !changelog.files.has(name))
    return {
      steps,
      ignored: [...ignored, ...ignoredFiles(rest, 'no changelog includes it')],
      warnings: [...changelog.warnings, ...reading.warnings],
      downs: 'optional',
    }
  },
}

function nameOf({ file, id, author, refused }: ChangeSet): string {
  return author === '' && refused !== undefined ? `${file}::${id}` : `${file}::${id}::${author}`
}

/** What shows that a change set stands in a file, whatever it does there. */
function headingOf({ file, id, author }: ChangeSet): RegExp {
  const [quotedId, quotedAuthor] = [id, author].map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  if (/\.sql$/i.test(file)) return new RegExp(`changeset\\s+"?${quotedAuthor}"?:"?${quotedId}"?(\\s|$)`, 'im')
  return new RegExp(`\\bid"?\\s*[=:]\\s*["']?${quotedId}["']?\\s*([,}/>\\r\\n]|[a-z])`, 'i')
}

function revertingOf({ changeSets }: Changelog, { downBy }: ChangeSet): ChangeSet | undefined {
  return downBy === undefined ? undefined : changeSets.find(({ id, author }) => id === downBy.id && author === downBy.author)
}

async function readChangelog(folder: Folder, warnings: string[]): Promise<Changelog> {
  const reader = await changelogReader(folder)
  const [root, ...others] = await rootsOf(folder)
  if (root !== undefined && others.length > 0) {
    throw new InputError(`"${folder.shown('')}" has ${others.length + 1} changelogs that no other includes`, {
      detail: `There are: ${[root, ...others].map((name) => `"${name}"`).join(', ')}.`,
      hint: `Name the one that is meant, as in "npx godwit verify ${folder.shown(root)}".`,
    })
  }
  if (root !== undefined) await reader.read(root)
  else {
    const scripts = folder.files.filter((name) => /\.sql$/i.test(name)).sort(byUnits)
    for (const name of scripts) if (isFormattedSql(await folder.text(name).catch(() => ''))) await reader.read(name)
    if (scripts.length > 1) warnings.push('no changelog of XML, YAML or JSON includes the files: they are taken by their names')
  }
  return reader.changelog
}

/** The changelogs that no other includes; of several, the one whose name says that it is the first. */
async function rootsOf(folder: Folder): Promise<readonly string[]> {
  const changelogs = await changelogsIn(folder)
  if (changelogs.length < 2) return changelogs
  const included = new Set<string>()
  for (const name of changelogs) {
    const reader = await changelogReader(folder)
    await reader.read(name).catch(() => undefined)
    for (const file of reader.changelog.files) if (file !== name) included.add(file)
  }
  const roots = changelogs.filter((name) => !included.has(name))
  const told = roots.filter((name) => /(master|root)\W*\w*\.\w+$|^(db\.)?changelog\.\w+$|^(main|index)\.\w+$/i.test(basename(name)))
  return told.length === 1 ? told : roots
}

/** It brings parsers of XML and YAML, which no other format waits for. */
async function changelogReader(folder: Folder) {
  const { ChangelogReader } = await import('./liquibase-changelog.ts')
  return new ChangelogReader(folder)
}

async function changelogsIn(folder: Folder, within?: string): Promise<readonly string[]> {
  const names = folder.files.filter((name) => tree.test(name) && (within === undefined || partsOf(name).within === within))
  const found: string[] = []
  for (const name of names) {
    const text = await folder.text(name).catch(() => '')
    if (/<(\w+:)?databaseChangeLog\b|^\s*["']?databaseChangeLog["']?\s*:|^\s*\{\s*"databaseChangeLog"/m.test(text)) found.push(name)
  }
  return found
}

/** @throws {InputError} where Liquibase alone can run all of it. */
function refuseForeign(folder: Folder, changeSets: readonly ChangeSet[]): void {
  if (changeSets.length === 0 || changeSets.some(({ foreign, refused }) => foreign.length === 0 || refused !== undefined)) return
  const kinds = [...new Set(changeSets.flatMap(({ foreign }) => foreign))].slice(0, 5)
  throw new InputError(`"${folder.shown('')}" has no change set of SQL`, {
    detail: `Liquibase makes the SQL of ${kinds.map((kind) => `"${kind}"`).join(', ')} itself.`,
    hint: 'Let Liquibase run it: give its command in the config (format "command").',
  })
}

/** Parameters that the project's settings give. */
async function givenProperties(root: string): Promise<ReadonlyMap<string, string>> {
  const given = new Map<string, string>()
  for (const directory of parentsOf(root)) {
    for (const name of ['liquibase.properties', 'application.properties', 'src/main/resources/application.properties']) {
      const file = join(directory, name)
      if (!isFile(file)) continue
      const text = await readFile(file, 'utf8')
      for (const [, key = '', value = ''] of text.matchAll(
        /^(?:parameter|spring\.liquibase\.parameters)\.([\w.-]+)\s*[=:]\s*(.*?)\s*$/gm,
      )) {
        if (!given.has(key)) given.set(key, value)
      }
    }
  }
  return given
}
