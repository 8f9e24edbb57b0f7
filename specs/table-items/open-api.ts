import { readFileSync } from 'node:fs'
import type { ValidateFunction } from 'ajv'
import { newAjv } from '../../fixtures/apps/pos/items/validate-items.ts'
import type { Answer } from './running-api.ts'

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: object } } }
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>>
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

/** The document that the API is held against. */
export const openApi: Document = JSON.parse(readFileSync('fixtures/apps/pos/items/openapi.json', 'utf8'))

/** Every operation with its method and path. */
export const describedOperations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
)

const ajv = newAjv()
const compiled = new Map<object, ValidateFunction>()
// References inside of a schema begin at the root of the document, so each schema is compiled with the components beside it.
const compile = (schema: object) => {
  const validate = compiled.get(schema) ?? ajv.compile({ ...schema, components: openApi.components })
  compiled.set(schema, validate)
  return validate
}
ajv.addVocabulary(['components'])

/** What an answer has that the document does not say; empty where it keeps to it. */
export function undescribed(operationId: string, { status, body }: Answer): readonly string[] {
  const operation = describedOperations.find((each) => each.operation.operationId === operationId)?.operation
  const response = operation?.responses[status]
  if (response === undefined) return [`${operationId} answers ${status}`]
  const schema = response.content['application/json']?.schema
  if (schema === undefined) return typeof body === 'string' ? [] : [`${operationId} answers ${status} with JSON`]
  const validate = compile(schema)
  return validate(body) ? [] : [`${operationId} ${status}: ${ajv.errorsText(validate.errors)}`]
}

/** Compile every schema that the document refers to: one that is not there throws. */
export function compileAll(): number {
  const schemas = describedOperations.flatMap(({ operation }) => [
    ...(operation.parameters ?? []).map(({ schema }) => schema),
    ...(operation.requestBody === undefined ? [] : [operation.requestBody.content['application/json'].schema]),
    ...Object.values(operation.responses).flatMap(({ content }) => Object.values(content).map(({ schema }) => schema)),
  ])
  schemas.forEach(compile)
  return schemas.length
}
