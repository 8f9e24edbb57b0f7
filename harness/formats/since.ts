import { existsSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { InputError } from '../errors.ts'
import { shownPath } from '../migration/index.ts'
import { git, tryGit } from './git.ts'
import type { FilePart, History, HistoryStep } from './history.ts'

export interface StepsSince {
  /** Names of the steps to judge. */
  readonly added: ReadonlySet<string>
  /** What was merged and differs now: names of steps, and files that are gone. Empty unless `allowChanged`. */
  readonly changed: readonly string[]
}

/**
 * The steps that a branch adds: those after a step's name, or those whose files do not stand in the commit where the branch left a git
 * ref. Files that are not committed yet count as added. A step that may change by its tool's rules counts as added when it does.
 *
 * @throws {InputError} For an unknown ref, a folder outside git, a clone too shallow, and, without `allowChanged`, when a file that was
 *   merged has changed or is gone: whoever applied it will not apply it again.
 * @throws {EnvironmentError} Without git.
 */
export async function stepsSince(history: History, since: string, options: { readonly allowChanged?: boolean } = {}): Promise<StepsSince> {
  const named = history.steps.findIndex((step) => step.name === since || step.version === since)
  if (named >= 0) return { added: new Set(history.steps.slice(named + 1).map((step) => step.name)), changed: [] }
  const root = realpathSync(history.root)
  const top = await topOf(root, since)
  const base = await mergeBase(top, since)
  const merged = await filesAt(top, base, root)
  const current = await currentFiles(top, history)
  const fates = await Promise.all(
    history.steps.map(async (step) => ({
      step,
      fate: step.part === undefined ? fateOf(step, history, merged, current) : await fateOfPart(step, step.part, top, merged, current),
    })),
  )
  const gone = [...merged.keys()].filter((path) => /\.sql$/i.test(path) && !existsSync(join(top, path)))
  const changed = [...fates.filter(({ fate }) => fate === 'changed').map(({ step }) => step.name), ...gone]
  if (changed.length > 0 && options.allowChanged !== true) throw mergedFileChanged(changed, since, base)
  return { added: new Set(fates.filter(({ fate }) => fate !== 'merged').map(({ step }) => step.name)), changed }
}

function mergedFileChanged(changed: readonly string[], since: string, base: string): InputError {
  const shown = changed.slice(0, 10).map((name) => `"${name}"`)
  const more = changed.length > shown.length ? ` and ${changed.length - shown.length} more` : ''
  return new InputError(`${changed.length === 1 ? 'a merged file' : 'merged files'} changed: ${shown.join(', ')}${more}`, {
    detail: `Compared with ${base.slice(0, 12)}, where the branch left "${since}". Databases that applied it will not apply it again.`,
    hint: 'Put it back and add a new step, or allow it: --allow-changed.',
  })
}

async function topOf(root: string, since: string): Promise<string> {
  const top = await tryGit(root, ['rev-parse', '--show-toplevel'])
  if (top !== undefined) return realpathSync(top.replace(/\r?\n$/, ''))
  const because = await git(root, ['rev-parse', '--show-toplevel']).catch((error: unknown) => error)
  const detail = because instanceof InputError ? because.detail : undefined
  throw new InputError(`"${since}" is no step, and "${shownPath(root)}" is not in a git repository`, {
    detail,
    hint: 'Name a step of the history, or run where the repository is checked out.',
  })
}

async function mergeBase(top: string, since: string): Promise<string> {
  const shallow = (await tryGit(top, ['rev-parse', '--is-shallow-repository']))?.trim() === 'true'
  const deepen = 'The clone is shallow: fetch it whole (git fetch --unshallow; in GitHub Actions "fetch-depth: 0" for actions/checkout).'
  // A name that begins with a dash would be an option.
  const commit = since.startsWith('-') ? undefined : await tryGit(top, ['rev-parse', '--verify', '--quiet', `${since}^{commit}`])
  if (commit === undefined) {
    throw new InputError(`"${since}" is neither a step nor a git ref`, {
      hint: shallow
        ? deepen
        : 'A branch that is only on the server wants its remote in front, and a fetch: git fetch origin, then origin/main.',
    })
  }
  if ((await tryGit(top, ['rev-parse', '--verify', '--quiet', 'HEAD'])) === undefined) {
    throw new InputError(`"${shownPath(top)}" has no commit yet`, { hint: 'Commit first, or name a step.' })
  }
  const base = await tryGit(top, ['merge-base', commit.trim(), 'HEAD'])
  if (base === undefined || base.trim() === '') {
    throw new InputError(`"${since}" and HEAD have no commit in common`, { hint: shallow ? deepen : 'Name a ref that the branch left.' })
  }
  return base.trim()
}

/** Object ids by path below the repository's top. */
async function filesAt(top: string, commit: string, root: string): Promise<ReadonlyMap<string, string>> {
  const within = relative(top, root).split(sep).join('/')
  const listed = await git(top, [
    '--literal-pathspecs',
    'ls-tree',
    '-r',
    '-z',
    '--full-tree',
    commit,
    ...(within === '' ? [] : ['--', `${within}/`]),
  ])
  return new Map(
    listed.split('\0').flatMap((line) => {
      const [, id, path] = /^\d+ blob (\w+)\t([\s\S]+)$/.exec(line) ?? []
      return id === undefined || path === undefined ? [] : [[path, id] as const]
    }),
  )
}

interface CurrentFile {
  readonly path: string
  readonly id: string
}

/** Path below the top and object id by absolute path; as git would store it, so that line ends converted at check-out do not count. */
async function currentFiles(top: string, history: History): Promise<ReadonlyMap<string, CurrentFile>> {
  const files = [...new Set(history.steps.flatMap((step) => step.files))].filter(existsSync)
  const paths = files.map((file) => relative(top, realpathSync(file)).split(sep).join('/'))
  const ids = (await git(top, ['hash-object', '--stdin-paths'], { input: paths.map((path) => `${path}\n`).join('') })).split('\n')
  return new Map(files.map((file, at) => [file, { path: paths[at] ?? '', id: ids[at] ?? '' }]))
}

/** Of a step that shares its file with others: the file may get more of them at any time. */
async function fateOfPart(
  step: HistoryStep,
  { file, text, heading }: FilePart,
  top: string,
  merged: ReadonlyMap<string, string>,
  current: ReadonlyMap<string, CurrentFile>,
): Promise<'merged' | 'added' | 'changed'> {
  const others = step.files.filter((each) => each !== file).flatMap((each) => current.get(each) ?? [])
  const id = merged.get(current.get(file)?.path ?? '')
  if (id === undefined) return 'added'
  const before = id === current.get(file)?.id ? text : await git(top, ['cat-file', 'blob', id])
  const isSame = before.replaceAll('\r\n', '\n').includes(text.replaceAll('\r\n', '\n'))
  if (isSame && others.every(({ path, id: now }) => merged.get(path) === now)) return 'merged'
  return isSame || heading.test(before) ? (step.repeatable === true ? 'added' : 'changed') : 'added'
}

function fateOf(
  step: HistoryStep,
  history: History,
  merged: ReadonlyMap<string, string>,
  current: ReadonlyMap<string, CurrentFile>,
): 'merged' | 'added' | 'changed' {
  // A contract says what to expect and may change at any time.
  const files = step.files.filter((file) => !/(^|[\\/.])contract\.ts$/.test(file)).flatMap((file) => current.get(file) ?? [])
  const known = files.filter(({ path }) => merged.has(path))
  if (known.some(({ path, id }) => merged.get(path) !== id)) return step.repeatable === true ? 'added' : 'changed'
  if (known.length === files.length) return 'merged'
  // sqitch copies a change's scripts to new names before it is reworked: the old change is what it was.
  const ids = new Set(merged.values())
  return history.format === 'sqitch' && files.every(({ id }) => ids.has(id)) ? 'merged' : 'added'
}
