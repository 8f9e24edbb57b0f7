import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import type { Contract, Script, Step } from '../migration/index.ts'
import { readContract } from '../migration/index.ts'
import { type Folder, partsOf } from './folder.ts'
import type { FilePart, HistoryStep, OpaqueStep } from './history.ts'
import { withDiscards } from './pair.ts'

export interface StepParts {
  /** The file's or folder's own name, below the root. */
  readonly name: string
  readonly version: string
  /** Names of the files that it was read from. */
  readonly files: readonly string[]
  /** Where one of them holds several steps: this one's part of it. */
  readonly part?: FilePart | undefined
  /** Absolute paths of files that those include. */
  readonly included?: readonly string[]
  readonly up: Step | OpaqueStep
  readonly down?: Step | undefined
  readonly batch?: string | undefined
  readonly repeatable?: boolean
  readonly verify?: Script | undefined
}

/** A step with what is the same in all formats: its contract, its digest and its paths. */
export async function makeStep(folder: Folder, parts: StepParts): Promise<HistoryStep> {
  const { part } = parts
  const declared = part === undefined ? contractName(folder, parts.name) : undefined
  const files = declared === undefined ? parts.files : [...parts.files, declared]
  const contract: Contract = declared === undefined ? {} : await readContract(folder.path(declared), folder.shown(declared))
  return {
    name: parts.name,
    version: parts.version,
    path: folder.path(part?.file ?? parts.name),
    files: [...new Set([...files.map((name) => folder.path(name)), ...(parts.included ?? [])])],
    up: parts.up,
    down: parts.down,
    contract: parts.up.kind === 'opaque' ? contract : withDiscards(contract, parts.up),
    digest: await digestOf(folder, parts, files),
    batch: parts.batch,
    ...(part === undefined ? {} : { part: { ...part, file: folder.path(part.file) } }),
    ...(parts.repeatable === true ? { repeatable: true } : {}),
    ...(parts.verify === undefined ? {} : { verify: parts.verify }),
  }
}

/** Of its files, and of what its tool puts into its scripts. */
async function digestOf(folder: Folder, parts: StepParts, files: readonly string[]): Promise<string> {
  const digest = await digestOfFiles(folder, parts, files)
  const scripts = [parts.up, parts.down].map((each) => (each?.kind === 'sql' ? each.script : undefined))
  const inserted = [...scripts, parts.verify].map((script) => script?.inserted ?? [])
  if (inserted.every((each) => each.length === 0)) return digest
  return createHash('sha256')
    .update(JSON.stringify([digest, inserted]))
    .digest('hex')
}

/** Of a file with several steps only this one's part counts: what is added to the file changes no other step. */
async function digestOfFiles(folder: Folder, { part, included = [] }: StepParts, files: readonly string[]): Promise<string> {
  const names = [...files, ...included.map((path) => relative(folder.root, path))]
  if (part === undefined) return await folder.digest(names)
  const others = await folder.digest(names.filter((name) => name !== part.file))
  return createHash('sha256').update(`${others}\0${part.file}\0${part.text}`).digest('hex')
}

/** `contract.ts` in the step's own folder, or `<name>.contract.ts` beside its file. */
function contractName(folder: Folder, name: string): string | undefined {
  const { base, within } = partsOf(name)
  const stem = base.replace(/(\.up)?\.[a-z]+$/i, '')
  const beside = [`${base}.contract.ts`, `${stem}.contract.ts`].map((each) => (within === '' ? each : `${within}/${each}`))
  return [`${name}/contract.ts`, ...beside].find((each) => folder.has(each))
}
