import { EnvironmentError } from '../errors.ts'
import type { ServerVersion } from './cluster.ts'

const OLDEST_MAJOR = 15

/**
 * The version of a server.
 *
 * @param text  As `current_setting('server_version')` gives it: `15.18 (Debian 15.18-1)`.
 * @throws {EnvironmentError} When Godwit does not work with it.
 */
export function supportedVersion(text: string): ServerVersion {
  const version = { text: text.split(' ')[0] ?? '', major: Number.parseInt(text, 10) }
  if (version.major >= OLDEST_MAJOR) return version
  throw new EnvironmentError(`PostgreSQL ${version.text} is too old`, {
    detail: `The oldest version that Godwit works with is ${OLDEST_MAJOR}.`,
  })
}
