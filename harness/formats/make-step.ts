import { relative } from 'node:path'
import type { Contract, Script, Step } from '../migration/index.ts'
import { readContract } from '../migration/index.ts'
import { type Folder, partsOf } from './folder.ts'
import type { HistoryStep, OpaqueStep } from './history.ts'
import { withDiscards } from './pair.ts'

export interface StepParts {
  /** The file's or folder's own name, below the root. */
  readonly name: string
  readonly version: string
  /** Names of the files that it was read from. */
  readonly files: readonly string[]
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
  const declared = contractName(folder, parts.name)
  const files = declared === undefined ? parts.files : [...parts.files, declared]
  const contract: Contract = declared === undefined ? {} : await readContract(folder.path(declared), folder.shown(declared))
  return {
    name: parts.name,
    version: parts.version,
    path: folder.path(parts.name),
    files: [...new Set([...files.map((name) => folder.path(name)), ...(parts.included ?? [])])],
    up: parts.up,
    down: parts.down,
    contract: parts.up.kind === 'opaque' ? contract : withDiscards(contract, parts.up),
    digest: await folder.digest([...files, ...(parts.included ?? []).map((path) => relative(folder.root, path))]),
    batch: parts.batch,
    ...(parts.repeatable === true ? { repeatable: true } : {}),
    ...(parts.verify === undefined ? {} : { verify: parts.verify }),
  }
}

/** `contract.ts` in the step's own folder, or `<name>.contract.ts` beside its file. */
function contractName(folder: Folder, name: string): string | undefined {
  const { base, within } = partsOf(name)
  const stem = base.replace(/(\.up)?\.[a-z]+$/i, '')
  const beside = [`${base}.contract.ts`, `${stem}.contract.ts`].map((each) => (within === '' ? each : `${within}/${each}`))
  return [`${name}/contract.ts`, ...beside].find((each) => folder.has(each))
}
