import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { packageFile } from '../../package.ts'

/** A file that stands in the page as it is, and the source that the page's policy allows it by. */
export interface InlineFile {
  readonly text: string
  /** `'sha256-…'`. */
  readonly source: string
}

export const styleFile: InlineFile = inlineFile('harness/report/page/page.css')
export const scriptFile: InlineFile = inlineFile('harness/report/page/client.js')

/** Browsers take the digest of a text whose line ends are line feeds. */
function inlineFile(path: string): InlineFile {
  const text = readFileSync(packageFile(path), 'utf8').replaceAll('\r\n', '\n')
  return { text, source: `'sha256-${createHash('sha256').update(text).digest('base64')}'` }
}
