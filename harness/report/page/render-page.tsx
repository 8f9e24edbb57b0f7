import { renderToString } from 'preact-render-to-string'
import { decisionOf } from '../decision.ts'
import { scriptFile, styleFile } from './assets.ts'
import { MigrationPart } from './migration-part.tsx'
import { type PageInput, pageData } from './page-data.ts'
import { FolderPart, RunPart } from './run-part.tsx'
import { StepsPart } from './steps-part.tsx'
import { TrendPart } from './trend-part.tsx'

/** Nothing is loaded from anywhere, and only the style and the script of this page are let in. */
const policy = [
  "default-src 'none'",
  `style-src ${styleFile.source}`,
  `script-src ${scriptFile.source}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** From so many on, the browser lays out only the steps that are in sight. */
const manySteps = 100

/** An icon of no bytes: without it a browser looks for one beside the page. */
const icon = 'data:,'

/**
 * The page of a run: one HTML file that needs no network and no other file.
 *
 * What comes from data goes in as text and attribute values only. The same input gives the same text.
 */
export function renderPage(input: PageInput): string {
  const data = pageData(input)
  const decision = decisionOf(data.result)
  const many = data.migrations.length > 1
  const page = renderToString(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policy} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href={icon} />
        <title>{`Godwit: ${decision.decision}`}</title>
        <style dangerouslySetInnerHTML={{ __html: styleFile.text }} />
      </head>
      <body>
        <a class="skip" href="#migrations">
          Skip to the migrations
        </a>
        <RunPart data={data} decision={decision} />
        <main id="migrations">
          {many && <StepsPart data={data} />}
          <div class={data.migrations.length > manySteps ? 'many' : undefined}>
            {data.migrations.map((each) => (
              <MigrationPart key={each.anchor} page={each} run={data.result} alone={!many} />
            ))}
          </div>
          <FolderPart data={data} />
          <TrendPart runs={data.runs} />
        </main>
        <footer>
          <p>
            Other forms of this report: <a href="index.md">index.md</a>, <a href="results.json">results.json</a>,{' '}
            <a href="junit.xml">junit.xml</a>, <a href="godwit.sarif">godwit.sarif</a>, <a href="pull-request.md">pull-request.md</a>.
          </p>
        </footer>
        <script dangerouslySetInnerHTML={{ __html: scriptFile.text }} />
      </body>
    </html>,
  )
  return `<!doctype html>\n${page}\n`
}
