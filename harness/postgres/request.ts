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
  const image = /^docker:(\S+)$/.exec(wanted)?.[1]
  if (image !== undefined) return { kind: 'container', image }
  if (/^postgres(ql)?:\/\//.test(wanted)) return { kind: 'url', url: wanted }
  throw new InputError('no such kind of cluster', { hint: ALLOWED })
}
