import { InputError } from '../../errors.ts'
import { FolderStore } from './folder-store.ts'
import { S3Store } from './s3-store.ts'
import type { VerdictStore } from './verdict-store.ts'

/** Whether verdicts are kept elsewhere than in a folder. */
export function isRemote(place: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(place)
}

/**
 * The store at a place: a folder, or `s3://BUCKET/PREFIX`.
 *
 * A store that cannot be used is none: after the first failure nothing is read or written any more, and `warn` is told why, once.
 *
 * @throws {InputError} For a place that is neither.
 */
export function openStore(place: string, warn: (message: string) => void): VerdictStore {
  const store = storeAt(place)
  let broken = false
  const guarded = async <Result>(what: string, work: () => Promise<Result>): Promise<Result | undefined> => {
    if (broken) return undefined
    try {
      return await work()
    } catch (error) {
      // Requests that were under way together fail together.
      if (!broken) warn(`verdicts are neither taken from "${place}" nor kept there: it cannot be ${what}: ${reasonOf(error)}`)
      broken = true
      return undefined
    }
  }
  return {
    read: (key) => guarded('read', () => store.read(key)),
    write: (key, text) => guarded('written', () => store.write(key, text)),
  }
}

function storeAt(place: string): VerdictStore {
  if (!isRemote(place)) return new FolderStore(place)
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(place) ?? []
  // `fetch` resolves them, and would be in another bucket.
  const climbs = prefix.split('/').some((part) => part === '.' || part === '..')
  if (bucket === undefined || climbs) {
    throw new InputError(`"${place}" is no place for the cache`, { hint: 'Name a folder, or s3://BUCKET/PREFIX.' })
  }
  return new S3Store(bucket, prefix.replace(/\/+$/, ''), process.env)
}

/** `fetch` says what happened in the cause of its error. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}
