import { readFile } from 'node:fs/promises'

/** A page of the documentation with what stands between its marks `<!-- NAME -->` and `<!-- /NAME -->` written anew. */
export async function withGenerated(page: string, name: string, text: string): Promise<string> {
  const old = await readFile(new URL(`../../../docs/${page}`, import.meta.url), 'utf8')
  const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`)
  if (!marks.test(old)) throw new Error(`docs/${page} has no place marked "${name}"`)
  return old.replace(marks, (_, from: string, to: string) => `${from}${text}${to}`)
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('')
}
