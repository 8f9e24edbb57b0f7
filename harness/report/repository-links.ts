import { posix, relative, resolve, sep } from 'node:path'

/** Where readers of a comment find files of the repository, and what the job kept. */
export interface RepositoryLinks {
  /** @param path  From the root of the repository, with forward slashes. */
  readonly toLine: (path: string, line: number | null) => string
  /** The page of the run; undefined where CI does not tell where its artifacts are. */
  readonly report?: string | undefined
  /** The job that made the result. */
  readonly job?: string | undefined
}

/**
 * Links as the variables of GitHub Actions or GitLab CI make them; without them, paths from the root of the repository.
 *
 * @param directory  Where the reports are written: what GitLab keeps of a job is found by its path.
 */
export function repositoryLinks(variables: Readonly<Record<string, string | undefined>>, directory: string): RepositoryLinks {
  const github = pageOf(variables.GITHUB_SERVER_URL, variables.GITHUB_REPOSITORY)
  if (github !== undefined && isRevision(variables.GITHUB_SHA)) {
    const job = /^\d+$/.test(variables.GITHUB_RUN_ID ?? '') ? `${github}/actions/runs/${variables.GITHUB_RUN_ID}` : undefined
    return {
      toLine: (path, line) => `${github}/blob/${variables.GITHUB_SHA}/${urlPath(path)}${lineAnchor(line)}`,
      report: job === undefined ? undefined : `${job}#artifacts`,
      job,
    }
  }
  const gitlab = pageOf(variables.CI_PROJECT_URL)
  if (gitlab !== undefined && isRevision(variables.CI_COMMIT_SHA)) {
    const job = pageOf(variables.CI_JOB_URL)
    const kept = relative(resolve(variables.CI_PROJECT_DIR ?? '.'), resolve(directory))
      .split(sep)
      .join('/')
    const inside = kept !== '..' && !kept.startsWith('../') && !posix.isAbsolute(kept)
    return {
      toLine: (path, line) => `${gitlab}/-/blob/${variables.CI_COMMIT_SHA}/${urlPath(path)}${lineAnchor(line)}`,
      report: job === undefined || !inside ? undefined : `${job}/artifacts/file/${urlPath(posix.join(kept, 'index.html'))}`,
      job,
    }
  }
  return { toLine: (path, line) => `/${urlPath(path)}${lineAnchor(line)}` }
}

/** A page on the web, without a slash at its end; undefined for anything else. */
function pageOf(base: string | undefined, path?: string): string | undefined {
  if (base === undefined || !URL.canParse(base)) return undefined
  const { protocol, origin, pathname } = new URL(base)
  if (protocol !== 'https:' && protocol !== 'http:') return undefined
  const page = `${origin}${pathname.replace(/\/+$/, '')}`
  return path === undefined ? inMarkdown(page) : path === '' ? undefined : `${inMarkdown(page)}/${urlPath(path)}`
}

function isRevision(text: string | undefined): text is string {
  return /^[0-9a-f]{7,64}$/i.test(text ?? '')
}

function urlPath(path: string): string {
  // A lone surrogate has no form in a URL.
  return inMarkdown(
    path
      .replaceAll(/\p{Cs}/gu, '\uFFFD')
      .split('/')
      .map(encodeURIComponent)
      .join('/'),
  )
}

/** What ends a link of Markdown, or means something in its text, and may stand in a URL as it is. */
function inMarkdown(url: string): string {
  return url.replaceAll(/[()'*_~!]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function lineAnchor(line: number | null): string {
  return line === null ? '' : `#L${line}`
}
