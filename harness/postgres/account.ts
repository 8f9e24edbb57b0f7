import { readFileSync } from 'node:fs'

/** Who runs the server: ourselves, or `nobody` where we are root, as which PostgreSQL refuses to run. */
export interface ServerAccount {
  readonly uid: number
  readonly gid: number
}

const NOBODY: ServerAccount = { uid: 65534, gid: 65534 }

/** undefined where the server runs as this process's own user. */
export function serverAccount(): ServerAccount | undefined {
  return process.getuid?.() === 0 ? nobody() : undefined
}

function nobody(): ServerAccount {
  try {
    const fields = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
    return fields === null ? NOBODY : { uid: Number(fields[1]), gid: Number(fields[2]) }
  } catch {
    return NOBODY
  }
}
