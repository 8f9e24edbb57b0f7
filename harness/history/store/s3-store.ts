import type { AwsClient } from 'aws4fetch'
import type { VerdictStore } from './verdict-store.ts'

const timeoutMs = 10_000
const retries = 2

/**
 * An object for each key, in a store that speaks the protocol of S3. PUT replaces an object as a whole, and the last writer stays.
 *
 * Credentials, region and endpoint come from the variables that the tools of AWS read.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
 */
export class S3Store implements VerdictStore {
  readonly #base: string
  readonly #environment: NodeJS.ProcessEnv
  #client: Promise<AwsClient> | undefined

  constructor(bucket: string, prefix: string, environment: NodeJS.ProcessEnv) {
    this.#environment = environment
    this.#base = [
      baseOf(bucket, environment),
      ...prefix
        .split('/')
        .filter((part) => part !== '')
        .map(encodeAsSigned),
    ].join('/')
  }

  async read(key: string): Promise<string | undefined> {
    const response = await this.#send('GET', key)
    if (response.status === 404) {
      const text = await response.text()
      if (text.includes('<Code>NoSuchBucket</Code>')) throw new Error('there is no such bucket')
      return undefined
    }
    if (!response.ok) throw await refusal(response, 'Without s3:ListBucket also what is not there is refused.')
    return await response.text()
  }

  async write(key: string, text: string): Promise<void> {
    const response = await this.#send('PUT', key, text)
    if (!response.ok) throw await refusal(response, '')
    await response.body?.cancel()
  }

  async #send(method: 'GET' | 'PUT', key: string, body?: string): Promise<Response> {
    this.#client ??= clientOf(this.#environment)
    const client = await this.#client
    const url = `${this.#base}/${key.slice(0, 2)}/${key}.verdict`
    return await client.fetch(url, { method, ...(body === undefined ? {} : { body }), signal: AbortSignal.timeout(timeoutMs) })
  }
}

/** `encodeURIComponent` leaves characters that a signature has encoded: a store that compares the path as it is sent would refuse it. */
function encodeAsSigned(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** An endpoint of its own has the bucket in the path; so has AWS itself where its certificate does not fit the name. */
function baseOf(bucket: string, environment: NodeJS.ProcessEnv): string {
  const endpoint = environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL ?? ''
  if (endpoint !== '') return `${endpoint.replace(/\/+$/, '')}/${bucket}`
  const host = `s3.${regionOf(environment)}.amazonaws.com`
  return bucket.includes('.') ? `https://${host}/${bucket}` : `https://${bucket}.${host}`
}

function regionOf(environment: NodeJS.ProcessEnv): string {
  return environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1'
}

/** The library is loaded only here: most runs keep verdicts in a folder. */
async function clientOf(environment: NodeJS.ProcessEnv): Promise<AwsClient> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN: sessionToken } = environment
  if (accessKeyId === '' || secretAccessKey === '') throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set')
  const { AwsClient } = await import('aws4fetch')
  const session = sessionToken === undefined || sessionToken === '' ? {} : { sessionToken }
  return new AwsClient({ accessKeyId, secretAccessKey, ...session, service: 's3', region: regionOf(environment), retries })
}

async function refusal(response: Response, hint: string): Promise<Error> {
  const text = await response.text()
  const [, code] = /<Code>([^<]+)<\/Code>/.exec(text) ?? []
  return new Error(
    `${[response.status, code ?? response.statusText].join(' ').trim()}${response.status === 403 && hint !== '' ? `. ${hint}` : ''}`,
  )
}
