import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { SignatureV4 } from '@smithy/signature-v4'

export interface S3Account {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly region: string
}

/** A store that speaks the protocol of S3, and answers 403 to a request whose signature is not that of an account. */
export interface StrictS3 extends AsyncDisposable {
  readonly endpoint: string
  /** By the path of the request as it was sent. */
  readonly objects: ReadonlyMap<string, string>
  /** Codes with which requests were refused. */
  readonly refused: readonly string[]
}

const farMs = 15 * 60_000
const unsigned = 'UNSIGNED-PAYLOAD'

/**
 * Start one. Signatures are computed by the library of AWS's own SDK, from the request as it arrives: its path is not decoded first.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export async function startStrictS3(account: S3Account): Promise<StrictS3> {
  const objects = new Map<string, string>()
  const refused: string[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const path = request.url ?? ''
    const answer = (status: number, code: string) =>
      response.writeHead(status, { 'content-type': 'application/xml' }).end(`<Error><Code>${code}</Code></Error>`)
    const code = await refusalOf(request, body, account)
    if (code !== undefined) {
      refused.push(code)
      answer(403, code)
    } else if (request.method === 'PUT') {
      objects.set(path, body)
      response.end()
    } else {
      const found = objects.get(path)
      if (found === undefined) answer(404, 'NoSuchKey')
      else response.end(found)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    objects,
    refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Undefined for a request of the account. */
async function refusalOf(request: IncomingMessage, body: string, account: S3Account): Promise<string | undefined> {
  const { authorization = '', ...headers } = request.headers as Readonly<Record<string, string | undefined>>
  const [, accessKeyId, day, region, service, signedHeaders = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$/.exec(
      authorization,
    ) ?? []
  const signed = signedHeaders.split(';')
  if (accessKeyId === undefined) return 'AccessDenied'
  if (accessKeyId !== account.accessKeyId) return 'InvalidAccessKeyId'
  if (region !== account.region || service !== 's3') return 'AuthorizationHeaderMalformed'
  if (headers['x-amz-security-token'] !== account.sessionToken) return 'InvalidToken'
  // All that a request means must be signed.
  if (Object.keys(headers).some((name) => /^(host|x-amz-.*)$/.test(name) && !signed.includes(name))) return 'AccessDenied'
  const date = dateOf(headers['x-amz-date'] ?? '')
  if (date === undefined || !headers['x-amz-date']?.startsWith(day ?? '')) return 'AccessDenied'
  if (Math.abs(date.getTime() - Date.now()) > farMs) return 'RequestTimeTooSkewed'
  const hash = headers['x-amz-content-sha256']
  if (hash !== unsigned && hash !== createHash('sha256').update(body).digest('hex')) return 'XAmzContentSHA256Mismatch'
  const signer = new SignatureV4({ service: 's3', region, credentials: account, sha256: Sha256, uriEscapePath: false })
  const again = await signer.sign(
    {
      method: request.method ?? '',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: request.url ?? '',
      headers: Object.fromEntries(signed.map((name) => [name, headers[name] ?? ''])),
    },
    { signingDate: date, signableHeaders: new Set(signed) },
  )
  return again.headers.authorization === authorization ? undefined : 'SignatureDoesNotMatch'
}

function dateOf(basic: string): Date | undefined {
  const iso = basic.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  return iso === basic ? undefined : new Date(iso)
}

/** As the library wants it. */
class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array)
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    throw new Error('a hash is used once')
  }
}
