import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { InputError } from '../../errors.ts'
import { git } from '../../formats/index.ts'
import { onSchemaOfFiles, readSources, type SchemaOfFiles } from '../../history/index.ts'
import type { Cluster } from '../../postgres/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'

/** A schema as the command line names it. */
export type Place = { readonly kind: 'url'; readonly url: string } | FilesPlace

export interface FilesPlace {
  readonly kind: 'files'
  readonly path: string
  /** The last step; undefined for all. */
  readonly at: string | undefined
  /** Of git; undefined for the work tree. */
  readonly ref: string | undefined
}

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

/**
 * Work on what the files of a place make of an empty database.
 *
 * @throws {InputError} When the files cannot be read or applied, or are no single history.
 */
export async function onPlace<Result>(
  cluster: Cluster,
  place: FilesPlace,
  { options, hooks }: { readonly options: VerifyOptions; readonly hooks: VerifyHooks },
  work: (schema: SchemaOfFiles) => Promise<Result>,
): Promise<Result> {
  await using files = await filesOf(place)
  const [source, ...others] = await readSources([files.path], options)
  if (source === undefined || others.length > 0) throw new InputError(`"${place.path}" is not one history`)
  return await onSchemaOfFiles(cluster, source, { at: place.at, options, hooks }, work)
}

/** Files in a folder, which is removed if it was made for them. */
interface Files extends AsyncDisposable {
  readonly path: string
}

/**
 * The files of a place; those of a git ref are checked out into a folder of their own. The work tree and the index stay as they are.
 *
 * @throws {InputError} When there is no such ref, or no such path in it.
 */
async function filesOf({ path, ref }: FilesPlace): Promise<Files> {
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
