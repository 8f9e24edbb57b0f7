import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { InputError } from '../../errors.ts'
import { git } from '../../formats/index.ts'

/** A schema as the command line names it. */
export type Place =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'files'; readonly path: string; readonly at: string | undefined; readonly ref: string | undefined }

/**
 * Read `PATH`, `PATH@STEP`, `REF:PATH`, `REF:PATH@STEP` or a URL. As git has it, a path behind a ref counts from the top of the repository, and from the
 * current folder where it begins with `./`.
 *
 * A folder whose name holds `@` is named with a slash behind it.
 */
export function placeOf(text: string): Place {
  if (/^postgres(ql)?:\/\//.test(text)) return { kind: 'url', url: text }
  const [, named = text, at] = /^(.+)@([^/@]+)$/.exec(text) ?? []
  const [, ref, path] = existsSync(named) ? [] : (/^([^:/\\][^:]+):(.+)$/.exec(named) ?? [])
  return { kind: 'files', path: path ?? named, at, ref }
}

/** Files in a folder, which is removed if it was made for them. */
export interface Files extends AsyncDisposable {
  readonly path: string
}

/**
 * The files of a place; those of a git ref are checked out into a folder of their own. The work tree and the index stay as they are.
 *
 * @throws {InputError} When there is no such ref, or no such path in it.
 */
export async function filesOf({ path, ref }: Place & { readonly kind: 'files' }): Promise<Files> {
  if (ref === undefined) return { path, [Symbol.asyncDispose]: async () => undefined }
  const folder = await mkdtemp(join(tmpdir(), 'godwit-ref-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const top = (await git('.', ['rev-parse', '--show-toplevel'])).trim()
    const prefix = path.startsWith('./') ? (await git('.', ['rev-parse', '--show-prefix'])).trim() : ''
    const inside = posix.join(prefix, path)
    const commit = (await git(top, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]).catch(noRef(ref))).trim()
    if ((await git(top, ['ls-tree', '-r', '--name-only', commit, '--', inside])) === '')
      throw new InputError(`"${inside}" is not in ${ref}`, {
        hint: 'A path behind a ref counts from the top of the repository; ./PATH from here.',
      })
    await git(top, [`--work-tree=${folder}`, 'checkout', '--quiet', commit, '--', inside], {
      environment: { GIT_INDEX_FILE: join(folder, '.git-index') },
    })
    return { path: join(folder, inside), [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

function noRef(ref: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof InputError
      ? new InputError(`git knows no "${ref}"`, { hint: 'Name a branch, a tag or a commit.', cause: error })
      : error
  }
}
