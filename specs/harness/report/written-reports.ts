import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Every file of a report folder by its path from there, without what differs from run to run: times, and the folder's own name. */
export async function timelessReports(root: string, shown = root): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const texts = await Promise.all(
    paths.toSorted().map(async (path) => [path.slice(root.length + 1), timeless(await readFile(path, 'utf8'), shown)] as const),
  )
  return Object.fromEntries(texts)
}

function timeless(text: string, directory: string): string {
  return text
    .replaceAll(directory, 'REPORTS')
    .replaceAll(/("(?:durationMs|[a-z ]+)": )\d+(\.\d+)?(?=,?\n)/g, (whole, key: string) =>
      /"(line|version|runs|rows|cells|relations|steps|verified|cached)"/.test(key) ? whole : `${key}0`,
    )
    .replaceAll(/"date":"[^"]+"|"durationMs":\d+/g, 'TIME')
    .replaceAll(/class="bar" width="[\d.]+"/g, 'BAR')
    .replaceAll(/ time="[\d.]+"/g, '')
    .replaceAll(/\b[\d.]+ (ms|s|min)\b/g, 'TIME')
}
