import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Script } from '../../migration/index.ts'
import type { WatchedStatement } from '../../run/index.ts'

interface Opinion {
  readonly line: number
  readonly rule_name: string
}

/**
 * Set squawk's static opinion beside each statement, where it is installed (in `node_modules/.bin` or on PATH).
 *
 * @returns The statements as they are where it is not, or where it cannot read the script.
 * @see https://squawkhq.com/docs/rules
 */
export async function squawkOpinions(script: Script, statements: readonly WatchedStatement[]): Promise<readonly WatchedStatement[]> {
  const opinions = await squawk(script.text)
  if (opinions === undefined) return statements
  return statements.map((statement) => {
    const lines = statement.text.split('\n').length
    const own = opinions.filter(({ line }) => line >= statement.line - 1 && line < statement.line - 1 + lines)
    return { ...statement, opinion: [...new Set(own.map((each) => each.rule_name))] }
  })
}

const ours = resolve('node_modules/.bin/squawk')

async function squawk(text: string): Promise<readonly Opinion[] | undefined> {
  const command = existsSync(ours) ? ours : 'squawk'
  try {
    const running = promisify(execFile)(command, ['--reporter', 'json', '--stdin-filepath', 'migration.sql'], { timeout: 10_000 })
    // A command that is not there has no input either: its own error says so.
    running.child.stdin?.on('error', () => undefined).end(text)
    return read((await running).stdout)
  } catch (error) {
    // It exits with 1 when it has something to say.
    return typeof error === 'object' && error !== null && 'stdout' in error ? read(String(error.stdout)) : undefined
  }
}

function read(output: string): readonly Opinion[] | undefined {
  try {
    const value: unknown = JSON.parse(output)
    return Array.isArray(value) ? (value as readonly Opinion[]) : undefined
  } catch {
    return undefined
  }
}
