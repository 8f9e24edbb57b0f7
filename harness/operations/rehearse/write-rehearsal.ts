import { join } from 'node:path'
import { maskSecretsIn, replaceFile } from '../../report/index.ts'
import type { Rehearsal } from './model.ts'
import { renderMarkdownRehearsal } from './render-markdown.ts'

/**
 * Write `rehearsal.md` and `rehearsal.json` into a migration's folder of reports.
 *
 * @returns The path of the first.
 */
export async function writeRehearsal(rehearsal: Rehearsal, folder: string): Promise<string> {
  const masked = maskSecretsIn(rehearsal)
  const page = join(folder, 'rehearsal.md')
  await replaceFile(page, renderMarkdownRehearsal(masked))
  await replaceFile(join(folder, 'rehearsal.json'), `${JSON.stringify(masked, null, 2)}\n`)
  return page
}
