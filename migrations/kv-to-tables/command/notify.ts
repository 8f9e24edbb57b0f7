import { createTransport } from 'nodemailer'
import { CommandError } from '../run/errors.ts'

/** What is told when a run is over: never a value of the store, never the database's URL. */
export interface Notice {
  readonly subject: string
  readonly text: string
  /** For a webhook. */
  readonly body: unknown
}

export type Notify = (notice: Notice) => Promise<void>

const timeoutMs = 15_000

/**
 * Read `--notify`: `mailto:somebody@example.org` (by the mail server of `KV_SMTP_URL`, from `KV_MAIL_FROM`) or a webhook `https://…`, which gets
 * the result as JSON.
 *
 * @throws {CommandError} For anything else, and for mail without a mail server: before the run, not after it.
 */
export function notifier(target: string, environment: Readonly<Record<string, string | undefined>>): Notify {
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (url?.protocol === 'mailto:') return mailer(decodeURIComponent(url.pathname), environment)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return webhook(url)
  throw new CommandError(2, 'nobody can be notified so', { hint: 'Write --notify mailto:ADDRESS or --notify https://…' })
}

function mailer(
  to: string,
  { KV_SMTP_URL: server, KV_MAIL_FROM: from = 'kv-to-tables@localhost' }: Readonly<Record<string, string | undefined>>,
): Notify {
  if (!to.includes('@')) throw new CommandError(2, 'mailto: names no address')
  if (server === undefined || server === '')
    throw new CommandError(2, 'no mail server is configured', { hint: 'Set KV_SMTP_URL, e.g. smtp://USER:PASSWORD@mail.example.org:587.' })
  const transport = createTransport(server, { connectionTimeout: timeoutMs, socketTimeout: timeoutMs } as object)
  return async ({ subject, text }) => {
    await transport.sendMail({ from, to, subject, text })
    transport.close()
  }
}

function webhook(url: URL): Notify {
  return async ({ body }) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!answer.ok) throw new Error(`the webhook answers ${answer.status}`)
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '[::1]'
}
