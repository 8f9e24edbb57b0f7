import { spawn } from 'node:child_process'

const PATIENCE_MS = 10_000

/**
 * Tell a command (the text on its standard input) or a webhook (the text as the body of a POST) of something.
 *
 * @param target  A command for the shell, or a URL that begins with `http://` or `https://`.
 * @param signal  Ends it: the command with whatever it has started.
 * @returns What went wrong, as a sentence; undefined where nothing did.
 */
export async function notify(target: string, text: string, signal: AbortSignal): Promise<string | undefined> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])
  const problem = /^https?:\/\//.test(target) ? await post(target, text, limit) : await run(target, text, limit)
  return signal.aborted || problem === undefined ? undefined : `the notification failed: ${problem}`
}

async function post(url: string, body: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' }, signal })
    await response.arrayBuffer()
    return response.ok ? undefined : `the webhook answered ${response.status}`
  } catch (error) {
    const { message, cause } = error as Error
    return cause instanceof Error ? `${message}: ${cause.message}` : message
  }
}

function run(command: string, text: string, signal: AbortSignal): Promise<string | undefined> {
  // A group of its own, so that all of it can be ended. Its output goes beside the lines of the watch, not among them.
  const child = spawn(command, { shell: true, detached: true, stdio: ['pipe', 2, 2] })
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  signal.addEventListener('abort', end, { once: true })
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(message))
    child.once('exit', (code, by) => {
      signal.removeEventListener('abort', end)
      resolve(code === 0 ? undefined : `the command ended with ${code ?? by}`)
    })
    // A command that does not read closes its end.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(text)
  })
}
