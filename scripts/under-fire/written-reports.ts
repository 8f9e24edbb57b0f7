import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'
import { SaxesParser } from 'saxes'
import { foreignMarkup } from '../../specs/harness/report/page-support.ts'
import { officialSchema } from '../../specs/harness/report/sarif-schema.ts'

const isSarif = officialSchema()
const markdownTag = /^\/?(h[1-4]|p|strong|em|code|table|thead|tbody|tr|t[hd]|ul|ol|li|pre|a|br|hr|blockquote|details|summary|sub|sup|del)$/

/**
 * What is wrong with the reports that a command has written: markup that data has become, files that their readers refuse, control
 * characters.
 *
 * @param given  What was in the directory before, by path below it.
 */
export async function wrongReports(directory: string, given: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const reports = join(directory, 'reports')
  if (!existsSync(reports)) return []
  const entries = await readdir(reports, { recursive: true, withFileTypes: true })
  const wrong: string[] = []
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const text = await readFile(path, 'utf8')
    if (given[relative(directory, path)] === text) continue
    try {
      wrong.push(...wrongIn(entry.name, text).map((one) => `${entry.name}: ${one}`))
    } catch (error) {
      wrong.push(`${entry.name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return wrong
}

function wrongIn(name: string, text: string): readonly string[] {
  if (name.endsWith('.xml')) new SaxesParser().write(text).close()
  if (name.endsWith('.json')) JSON.parse(text)
  if (name.endsWith('.sarif') && !isSarif(JSON.parse(text))) return [JSON.stringify(isSarif.errors)]
  // What programs read may hold any character; people open the others with `cat`.
  if (!/\.(html|md)$/.test(name)) return []
  const control = /[^\P{Cc}\n\t]/u.exec(text)
  const around = text.slice(Math.max(0, (control?.index ?? 0) - 60), (control?.index ?? 0) + 30)
  return [
    ...(control === null ? [] : [`a control character in ${JSON.stringify(around)}`]),
    ...(name.endsWith('.html') ? foreignMarkup(text) : foreignTags(text)),
  ]
}

function foreignTags(markdown: string): readonly string[] {
  const html = micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true })
  return [...html.matchAll(/<(\/?[a-z][a-z0-9]*)([^>]*)>/gi)].flatMap(([whole, tag = '', more = '']) =>
    markdownTag.test(tag) && !/\son\w+=|javascript:|data:text/i.test(more) ? [] : [whole],
  )
}
