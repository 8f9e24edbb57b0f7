import { InputError } from '../errors.ts'
import type { ClusterRequest } from './cluster.ts'

const ALLOWED =
  'Allowed are a major version (15, 16, 17, 18), "docker:IMAGE" such as docker:postgres:17-alpine, and a URL postgres://USER@HOST/DATABASE.'

/**
 * Read the text of `--postgres` (or of `GODWIT_POSTGRES`).
 *
 * @param text  `18`, `docker:IMAGE` or a `postgres://` URL; undefined or empty asks for the newest installed embedded binaries.
 * @throws {InputError} for anything else; the text itself is not repeated, since a mistyped URL may hold a password.
 */
export function parseClusterRequest(text: string | undefined): ClusterRequest {
  const wanted = text?.trim() ?? ''
  if (wanted === '' || wanted === 'embedded') return { kind: 'embedded' }
  if (/^\d{1,2}$/.test(wanted)) return { kind: 'embedded', major: Number(wanted) }
  // Where it is read as one cluster, as by rehearse.
  if (/^(?:\d{1,2}|docker:[^\s,]+)(?:\s*,\s*(?:\d{1,2}|docker:[^\s,]+))+$/.test(wanted))
    throw new InputError('several clusters are named where one is needed', { hint: 'Only verify, watch, baseline and gate take a list.' })
  const image = /^docker:(\S+)$/.exec(wanted)?.[1]
  if (image !== undefined) return { kind: 'container', image }
  if (/^postgres(ql)?:\/\//.test(wanted)) return { kind: 'url', url: wanted }
  throw new InputError('no such kind of cluster', { hint: ALLOWED })
}

/**
 * The clusters that the text of `--postgres` names, one after the other: `15,18` names two.
 *
 * @returns One text for each, for `parseClusterRequest`; one that is undefined where nothing was said.
 * @throws {InputError} When several are named and one of them is a URL, or the same twice.
 */
export function clusterRequests(text: string | undefined): readonly (string | undefined)[] {
  if (text === undefined || /^\s*postgres(ql)?:\/\//.test(text) || !text.includes(',')) return [text]
  const all = text.split(',').map((each) => each.trim())
  for (const each of all) {
    if (each === '') throw new InputError('a list of clusters has an empty entry', { hint: 'Write it as 15,18.' })
    // A URL may hold a password, and a list is saved beside the verdict.
    if (parseClusterRequest(each).kind === 'url')
      throw new InputError('a list of clusters names a URL', { hint: 'Verify on the cluster of a URL by itself.' })
  }
  const twice = all.find((each, at) => all.indexOf(each) !== at)
  if (twice !== undefined) throw new InputError(`a list of clusters names "${twice}" twice`)
  return all
}
