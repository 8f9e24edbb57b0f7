import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** A file that stands in the page as it is, and the source that the page's policy allows it by. */
export interface InlineFile {
  readonly text: string
  /** `'sha256-…'`. */
  readonly source: string
}

export const styleFile: InlineFile = inlineFile('page.css')
export const scriptFile: InlineFile = inlineFile('client.js')

/** Browsers take the digest of a text whose line ends are line feeds. */
function inlineFile(name: string): InlineFile {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8').replaceAll('\r\n', '\n')
  return { text, source: `'sha256-${createHash('sha256').update(text).digest('base64')}'` }
}
