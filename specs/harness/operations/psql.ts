import { execFile, execFileSync } from 'node:child_process'

/** What psql answered. */
export interface PsqlResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Whether psql is on PATH: without it specs skip, and say so. */
export function hasPsql(): boolean {
  try {
    execFileSync('psql', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Run files, or a text, with psql as a user would: `psql -X -d URL -f FILE`. */
export function runPsql(url: string, what: { readonly file: string } | { readonly sql: string }): Promise<PsqlResult> {
  const given = 'file' in what ? ['-f', what.file] : ['-v', 'ON_ERROR_STOP=1', '-c', what.sql]
  return new Promise((resolve) => {
    execFile('psql', ['-X', '-d', url, ...given], (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, stdout, stderr })
    })
  })
}
