import { createHash } from 'node:crypto'

/** Files of a folder of Atlas's with the `atlas.sum` that Atlas would write for them. */
export function withSum(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const lines: string[] = []
  const total = createHash('sha256')
  let hashed = ''
  for (const name of Object.keys(files).sort()) {
    hashed += name + files[name]
    const hash = createHash('sha256').update(hashed).digest('base64')
    total.update(name + hash)
    lines.push(`${name} h1:${hash}\n`)
  }
  return { ...files, 'atlas.sum': `h1:${total.digest('base64')}\n${lines.join('')}` }
}
