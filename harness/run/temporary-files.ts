import { type Session, StatementError } from '../postgres/index.ts'

/** What a session says of its temporary files. */
export interface TemporaryFiles {
  /** Bytes since the last call; undefined where the server does not tell this role. */
  take(): number | undefined
}

const FILE = /^temporary file: path .*, size (\d+)$/

/**
 * Settings with which the server tells each temporary file when it is removed, which is at the end of its statement. They take a superuser.
 *
 * @see https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-TEMP-FILES
 */
export const tellingTemporaryFiles = ['log_temp_files = 0', `lc_messages = 'C'`, 'client_min_messages = log'] as const

/** Have the server tell the temporary files of a session, where its role may ask for them. */
export async function hearTemporaryFiles(session: Session): Promise<TemporaryFiles> {
  let bytes = 0
  session.onNotice((message) => {
    bytes += Number(FILE.exec(message)?.[1] ?? 0)
  })
  const { told } = await session.one<{ told: boolean }>(`SELECT current_setting('log_temp_files') = '0' AS told`)
  const heard = told || (await asked(session))
  return {
    take() {
      const taken = bytes
      bytes = 0
      return heard ? taken : undefined
    },
  }
}

async function asked(session: Session): Promise<boolean> {
  try {
    await session.script(tellingTemporaryFiles.map((each) => `SET ${each}`).join('; '))
    return true
  } catch (error) {
    if (error instanceof StatementError) return false
    throw error
  }
}
