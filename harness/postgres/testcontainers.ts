import { EnvironmentError } from '../errors.ts'

/** What installs them; both are optional dependencies, which `--omit=optional` leaves out. */
export const installTestcontainers = 'npm i -D testcontainers @testcontainers/postgresql'

type Modules = typeof import('testcontainers') & typeof import('@testcontainers/postgresql')

/**
 * Load Testcontainers; undefined where it is not installed. Only when it is asked for: it takes 0.4 s that an embedded cluster has no use
 * for.
 */
export async function loadTestcontainers(): Promise<Modules | undefined> {
  try {
    const [plain, postgresql] = await Promise.all([import('testcontainers'), import('@testcontainers/postgresql')])
    return { ...plain, ...postgresql }
  } catch (error) {
    // A package that is there and lacks one of its own is another fault.
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' && /testcontainers/.test(error.message))
      return undefined
    throw error
  }
}

/** @throws {EnvironmentError} where it is not installed, with what installs it. */
export async function requireTestcontainers(): Promise<Modules> {
  const modules = await loadTestcontainers()
  if (modules !== undefined) return modules
  throw new EnvironmentError('"--postgres docker:IMAGE" needs Testcontainers, which is not installed', {
    hint: `Run: ${installTestcontainers}`,
  })
}
