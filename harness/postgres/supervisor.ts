import { existsSync } from 'node:fs'

/** What starts a server, waits with it, and ends it when this process has ended. */
export interface Supervisor {
  readonly program: string
  /** What stands before the run's directory, the server's program and its arguments. */
  readonly args: readonly string[]
}

const SHELL = '/bin/sh'

/**
 * Starts the server and waits with it. Its standard input is a pipe that this process alone holds: when this process ends, however it ends,
 * the pipe ends, the server is stopped and what it wrote is removed. That covers SIGKILL, for which no handler can be written.
 * Shut down at once (SIGQUIT): nobody will read these data again.
 */
const SHELL_SCRIPT = `
run=$1; shift
exec 3<&0
"$@" 3<&- </dev/null & server=$!
{ read -r line; kill -QUIT $server; } <&3 >/dev/null 2>&1 & watch=$!
exec 3<&-
wait $server; status=$?
kill $watch 2>/dev/null
# Killed on purpose, to be started again on what is there.
[ -e "$run"/again ] && exit 0
rm -rf "$run"/data "$run"/socket "$run"/log
# A signed directory that cannot be removed from here (nobody's in root's) stays signed, for the next start to remove.
[ -w "\${run%/*}" ] && rm -rf "$run"
exit $status
`

/** The same for a system without a shell; it takes 40 ms and 40 MB more. */
const NODE_SCRIPT = `
const { spawn } = require('node:child_process')
const { accessSync, constants, existsSync, rmSync } = require('node:fs')
const { dirname, join } = require('node:path')
const [run, program, ...args] = process.argv.slice(1)
const server = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
const end = () => server.kill('SIGQUIT')
process.stdin.on('end', end).on('error', end).resume()
const remove = (path) => rmSync(path, { recursive: true, force: true })
const over = (status) => {
  if (existsSync(join(run, 'again'))) process.exit(0)
  for (const name of ['data', 'socket', 'log']) remove(join(run, name))
  try {
    accessSync(dirname(run), constants.W_OK)
    remove(run)
  } catch {}
  process.exit(status)
}
server.on('error', (error) => {
  console.error(error.message)
  over(127)
})
server.on('exit', (status) => over(status ?? 1))
`

/** @param shell  Default: `/bin/sh` where it is there. */
export function supervisorOf(shell: string | undefined = existsSync(SHELL) ? SHELL : undefined): Supervisor {
  if (shell === undefined || shell === '') return { program: process.execPath, args: ['--eval', NODE_SCRIPT, '--'] }
  return { program: shell, args: ['-c', SHELL_SCRIPT, 'godwit'] }
}
