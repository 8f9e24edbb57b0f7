import type { Search } from './model.ts'
import { schemaOf } from './table-name.ts'
import { placeOf } from './view.ts'

/**
 * Find the table in a schema of Prisma: `@@map("name")`. A model of the table's own name without `@@map` is listed: nothing in it could be
 * replaced.
 */
export function findInPrisma({ view, table, kind, onUse }: Search): void {
  const { text } = view
  if (/^\s*provider\s*=\s*"(?!postgres)/m.test(datasourceOf(text))) return
  for (const block of text.matchAll(/^[ \t]*(?:model|view)[ \t]+(\w+)[ \t]*\{([\s\S]*?)^[ \t]*\}/gm)) {
    const [whole, model = '', body = ''] = block
    const code = body.replaceAll(/\/\/[^\n]*/g, (comment) => ' '.repeat(comment.length))
    const schema = /^\s*@@schema\(\s*"([^"]*)"/m.exec(code)?.[1] ?? 'public'
    if (schema !== schemaOf(table.from)) continue
    const mapped = /^\s*@@map\(\s*(?:name\s*:\s*)?"((?:[^"\\]|\\.)*)"/m.exec(code)
    const bodyStart = block.index + whole.indexOf('{') + 1
    const [name, start] =
      mapped === null
        ? [model, block.index + whole.indexOf(model, whole.search(/(?<=model|view)[ \t]/))]
        : [mapped[1] ?? '', bodyStart + mapped.index + mapped[0].length - 1 - (mapped[1] ?? '').length]
    const place = name === table.from.name ? placeOf(view, { start, end: start + name.length }) : undefined
    if (place === undefined) continue
    if (mapped === null) onUse({ ...place, kind, because: `the model has the name of the table: give it @@map("${table.to.name}")` })
    else if (table.to.schema !== undefined && table.to.schema !== schema)
      onUse({ ...place, kind, because: 'the table gets into another schema: give the model @@schema' })
    else onUse({ ...place, kind, after: view.encode(table.to.name.replaceAll(/["\\]/g, '\\$&')) })
  }
}

function datasourceOf(text: string): string {
  return /^\s*datasource\s+\w+\s*\{[\s\S]*?^\s*\}/m.exec(text)?.[0] ?? ''
}
