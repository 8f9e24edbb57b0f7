import { readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'
import { configSchema } from '../../../harness/config/index.ts'
import { contractSchema } from '../../../harness/migration/index.ts'
import { type OptionName, type OptionRow, optionRows } from '../../../harness/options/index.ts'

/** A key of something that an author writes: the type that has it, and how a reader would know it. */
interface Key {
  readonly path: string
  readonly owner: ts.Type
  readonly name: string
}

const harness = resolve('harness')
/** Where keys are declared, and not read. */
const declaring = [/^migration\/(read-)?contract\.ts$/, /^config\/(schema|model)\.ts$/, /^options\//, /^cli\/project-state\.ts$/]
/** Read by editors. */
const forOthers = ['$schema']

describe('what an author can write is read by something', () => {
  let program: ts.Program
  let checker: ts.TypeChecker
  let contract: readonly Key[]
  let config: readonly Key[]
  let passed: readonly Key[]
  let reads: ReadonlyMap<string, ReadonlySet<ts.Type>>

  beforeAll(() => {
    const read = ts.readConfigFile(resolve('tsconfig.json'), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, resolve('.'))
    const files = readdirSync(harness, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
    program = ts.createProgram(
      files.map((file) => join(harness, file)),
      options,
    )
    checker = program.getTypeChecker()
    contract = keysOf(typeNamed('migration/contract.ts', 'Contract'), '')
    config = keysOf(typeNamed('config/model.ts', 'Config'), '').filter(({ path }) => !/(^|\.)contracts\./.test(path))
    const verifyOptions = typeNamed('verify/options.ts', 'VerifyOptions')
    // An option is passed on by its row, and read under the name that it has there.
    passed = config.map((key) => {
      const row: OptionRow | undefined = optionRows[key.path.replace(/^projects\[\]\./, '') as OptionName]
      return row?.passedAs === undefined ? key : { ...key, owner: verifyOptions, name: row.passedAs }
    })
    const wanted = new Set([...contract, ...passed].map(({ name }) => name))
    reads = readsIn(
      files.filter((file) => !declaring.some((each) => each.test(file))),
      wanted,
    )
  }, 240_000)

  test('each key of a contract', () => {
    expect(topOf(contract)).toEqual(Object.keys(contractSchema.shape).toSorted())
    expect(unread(contract)).toEqual([])
  })

  test('each key of a configuration', () => {
    expect(topOf(config)).toEqual(Object.keys(configSchema.shape).toSorted())
    expect(unread(passed).filter((path) => !forOthers.includes(path))).toEqual([])
  })

  function topOf(keys: readonly Key[]): readonly string[] {
    return keys
      .map(({ path }) => path)
      .filter((path) => !/[.[]/.test(path))
      .toSorted()
  }

  function unread(keys: readonly Key[]): readonly string[] {
    const isRead = ({ owner, name }: Key) => [...(reads.get(name) ?? [])].some((type) => takes(type, owner))
    return keys.filter((key) => !isRead(key)).map(({ path }) => path)
  }

  /** Whether something that works on one type may be given a value of the other. */
  function takes(type: ts.Type, owner: ts.Type): boolean {
    return type === owner || checker.isTypeAssignableTo(owner, type)
  }

  function typeNamed(file: string, name: string): ts.Type {
    const source = program.getSourceFile(join(harness, file))
    const found = source?.statements.find(
      (each) => (ts.isTypeAliasDeclaration(each) || ts.isInterfaceDeclaration(each)) && each.name.text === name,
    )
    if (found === undefined) throw new Error(`${file} declares no ${name}`)
    return checker.getTypeAtLocation(found)
  }

  /** Every key of a type, and of what stands under it. */
  function keysOf(type: ts.Type, path: string, above: readonly ts.Type[] = []): readonly Key[] {
    return constituents(type).flatMap((each): readonly Key[] => {
      if (above.includes(each) || (each.flags & ts.TypeFlags.Object) === 0 || isOfTheLanguage(each)) return []
      if (checker.isArrayType(each))
        return checker.getTypeArguments(each as ts.TypeReference).flatMap((item) => keysOf(item, `${path}[]`, above))
      const index = checker.getIndexTypeOfType(each, ts.IndexKind.String)
      if (index !== undefined) return keysOf(index, `${path}.*`, above)
      return checker.getPropertiesOfType(each).flatMap((property): readonly Key[] => {
        const here = path === '' ? property.name : `${path}.${property.name}`
        const inner = keysOf(checker.getTypeOfSymbol(property), here, [...above, each])
        return [{ path: here, owner: each, name: property.name }, ...inner]
      })
    })
  }

  /** A regular expression, a function: what it has was not chosen by us. */
  function isOfTheLanguage(type: ts.Type): boolean {
    const declared = type.symbol?.declarations ?? []
    const isList = checker.isArrayType(type) || checker.isTupleType(type)
    return !isList && declared.some((each) => /\/typescript\/lib\/lib\.[^/]*$/.test(each.getSourceFile().fileName))
  }

  function constituents(type: ts.Type): readonly ts.Type[] {
    const present = checker.getNonNullableType(type)
    return present.isUnion() ? present.types : [present]
  }

  /** By name of a property: the types that it is taken from, by a dot, in brackets or in a pattern. */
  function readsIn(sources: readonly string[], wanted: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<ts.Type>> {
    const found = new Map<string, Set<ts.Type>>()
    const add = (name: string, from: ts.Node) => {
      if (!wanted.has(name)) return
      const type = checker.getTypeAtLocation(from)
      const types = found.get(name) ?? new Set()
      for (const each of constituents(type)) if ((each.flags & ts.TypeFlags.Any) === 0 && hasOwn(each, name)) types.add(each)
      found.set(name, types)
    }
    const visit = (node: ts.Node): void => {
      if (ts.isPropertyAccessExpression(node)) add(node.name.text, node.expression)
      if (ts.isElementAccessExpression(node))
        for (const each of constituents(checker.getTypeAtLocation(node.argumentExpression)))
          if (each.isStringLiteral()) add(each.value, node.expression)
      if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent) && node.dotDotDotToken === undefined) {
        const name = node.propertyName ?? node.name
        if (ts.isIdentifier(name)) add(name.text, node.parent)
      }
      ts.forEachChild(node, visit)
    }
    for (const file of sources) {
      const source = program.getSourceFile(join(harness, file))
      if (source === undefined) throw new Error(`${relative('.', file)} is not part of the program`)
      visit(source)
    }
    return found
  }

  function hasOwn(type: ts.Type, name: string): boolean {
    return checker.getPropertyOfType(type, name) !== undefined
  }
})
