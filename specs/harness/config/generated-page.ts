import { readFile } from 'node:fs/promises'

/** A page (named from `docs/`) with what stands between its marks `<!-- NAME -->` and `<!-- /NAME -->` written anew. */
export async function withGenerated(page: string, name: string, text: string): Promise<string> {
  const old = await readFile(new URL(page, new URL('../../../docs/', import.meta.url)), 'utf8')
  const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`)
  if (!marks.test(old)) throw new Error(`${page} has no place marked "${name}"`)
  return old.replace(marks, (_, from: string, to: string) => `${from}${text}${to}`)
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('')
}
