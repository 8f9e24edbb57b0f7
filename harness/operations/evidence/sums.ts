import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { evidenceFiles } from './document.ts'
import { writeText } from './folder.ts'

/**
 * Write `SHA256SUMS` over every file of the folder, as `sha256sum -c` reads it, and its own digest beside it.
 *
 * @returns The digest of `SHA256SUMS`, hexadecimal.
 */
export async function writeSums(folder: string): Promise<string> {
  const files = await filesIn(folder)
  const lines = await Promise.all(files.map(async (file) => `${await digestOf(join(folder, file))}  ${file}\n`))
  await writeText(join(folder, evidenceFiles.sums), lines.join(''))
  const digest = await digestOf(join(folder, evidenceFiles.sums))
  await writeText(join(folder, evidenceFiles.sumsDigest), `${digest}  ${evidenceFiles.sums}\n`)
  return digest
}

/**
 * Whether the folder has `SHA256SUMS`, and whatever in it is not as they say, in sentences.
 *
 * @param known  The digest of `SHA256SUMS` as it was kept elsewhere.
 */
export async function sumProblems(
  folder: string,
  known: string | undefined,
): Promise<{ readonly signed: boolean; readonly problems: readonly string[] }> {
  const sums = join(folder, evidenceFiles.sums)
  if (!existsSync(sums)) {
    const signed = known !== undefined || existsSync(join(folder, evidenceFiles.sumsDigest))
    return { signed, problems: signed ? [`${evidenceFiles.sums} is missing.`] : [] }
  }
  const digest = await digestOf(sums)
  const problems: string[] = []
  if (known !== undefined && known.toLowerCase() !== digest)
    problems.push(`${evidenceFiles.sums} has the digest ${digest}, not ${known.toLowerCase()}.`)
  const beside = await readFile(join(folder, evidenceFiles.sumsDigest), 'utf8').catch(() => '')
  if (beside !== `${digest}  ${evidenceFiles.sums}\n`)
    problems.push(
      beside === '' ? `${evidenceFiles.sumsDigest} is missing.` : `${evidenceFiles.sumsDigest} is of another ${evidenceFiles.sums}.`,
    )
  const listed = new Map(
    (await readFile(sums, 'utf8')).split('\n').flatMap((line) => (line === '' ? [] : [[line.slice(66), line.slice(0, 64)] as const])),
  )
  const there = await filesIn(folder)
  for (const file of there) {
    const expected = listed.get(file)
    if (expected === undefined) problems.push(`${file} is not in ${evidenceFiles.sums}.`)
    else if ((await digestOf(join(folder, file))) !== expected)
      problems.push(`${file} was changed: its digest is not the one in ${evidenceFiles.sums}.`)
  }
  const missing = [...listed.keys()].filter((file) => !there.includes(file))
  return { signed: true, problems: [...problems, ...missing.map((file) => `${file} is missing.`)] }
}

/** In code units' order, with slashes, without the sums themselves. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, sep).length))
  const own: readonly string[] = [evidenceFiles.sums, evidenceFiles.sumsDigest]
  return files
    .map((file) => file.split(sep).join('/'))
    .filter((file) => !own.includes(file))
    .toSorted()
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
