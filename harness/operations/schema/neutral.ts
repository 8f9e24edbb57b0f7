import type { CatalogObject, CatalogObjects } from '../../catalog/index.ts'

/** In place of the role that runs migrations: it has another name on each server. */
export const migrator = '<migrator>'

/**
 * Objects as they are whoever runs the migrations: where `owner` is named as owner, grantee, grantor or in a path, `<migrator>` stands.
 */
export function neutral(objects: CatalogObjects, owner: string | undefined): CatalogObjects {
  if (owner === undefined) return objects
  const [plain, quoted] = [owner, /^[a-z_][a-z0-9_$]*$/.test(owner) ? owner : `"${owner.replaceAll('"', '""')}"`]
  const renamed = new Map<string, CatalogObject>()
  for (const object of objects.values()) {
    const properties = Object.fromEntries(
      Object.entries(object.properties).map(([name, value]) => {
        if (name === 'owner' || name === 'roles')
          return [
            name,
            value
              .split(', ')
              .map((role) => (role === plain ? migrator : role))
              .join(', '),
          ]
        return [
          name,
          name === 'privileges'
            ? value
                .split(', ')
                .map((grant) => neutralGrant(grant, plain))
                .sort()
                .join(', ')
            : value,
        ]
      }),
    )
    const path = object.kind === 'default-privileges' ? object.path.replace(`for ${quoted} `, `for ${migrator} `) : object.path
    renamed.set(`${object.kind} ${path}`, { ...object, path, properties })
  }
  return renamed
}

/** `SELECT to app with grant option by app`. */
function neutralGrant(grant: string, owner: string): string {
  const parts = /^(\S+(?: SYSTEM)?) to (.*?)( with grant option)?(?: by (.*))?$/s.exec(grant)
  if (parts === null) return grant
  const [, privilege, to, option = '', by] = parts
  const named = (role: string | undefined) => (role === owner ? migrator : role)
  return `${privilege} to ${named(to)}${option}${by === undefined ? '' : ` by ${named(by)}`}`
}

/** Who runs the migrations of a database: the owner of most of those objects that the files' own role owns. */
export function migratorOf(files: CatalogObjects, filesOwner: string, database: CatalogObjects): string | undefined {
  const counts = new Map<string, number>()
  for (const [key, { properties }] of files) {
    const owner = database.get(key)?.properties.owner
    if (properties.owner === filesOwner && owner !== undefined) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  }
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0]
}
