import { boolean, date, decimal, email, freeText, integer, json, oneOf, optional, reference, slug, text, timestamp } from './fields.ts'
import { defineKind, folded, type Kind } from './kind.ts'

const prefixes = {
  clients: 'client:',
  catalogs: 'catalog:',
  sites: 'site:',
  products: 'product:',
  employees: 'employee:',
  orders: 'order:',
} as const

const refersTo = (kind: keyof typeof prefixes) => reference(kind, prefixes[kind])

const clients = defineKind({
  name: 'clients',
  prefix: prefixes.clients,
  fields: {
    name: text(),
    email: email(),
    phone: optional(freeText()),
    status: optional(oneOf(['active', 'inactive', 'prospect'])),
  },
  identity: [folded('email')],
})

const catalogs = defineKind({
  name: 'catalogs',
  prefix: prefixes.catalogs,
  fields: {
    clientId: refersTo('clients'),
    name: text(),
    slug: slug(),
    currency: optional(oneOf(['CHF', 'EUR', 'GBP', 'JPY', 'USD'])),
  },
  identity: ['clientId', 'slug'],
})

const sites = defineKind({
  name: 'sites',
  prefix: prefixes.sites,
  fields: {
    clientId: refersTo('clients'),
    catalogId: optional(refersTo('catalogs')),
    name: text(),
    slug: slug(),
    celebrationDate: optional(date()),
    published: optional(boolean()),
    theme: optional(json('object')),
  },
  identity: ['slug'],
})

const products = defineKind({
  name: 'products',
  prefix: prefixes.products,
  fields: {
    catalogId: refersTo('catalogs'),
    sku: text({ max: 64 }),
    name: text(),
    description: optional(freeText()),
    price: decimal({ negative: false }),
    stock: optional(integer({ min: 0 })),
    tags: optional(json('array')),
  },
  identity: ['catalogId', 'sku'],
})

const employees = defineKind({
  name: 'employees',
  prefix: prefixes.employees,
  fields: {
    siteId: refersTo('sites'),
    email: email(),
    firstName: text(),
    lastName: text(),
    startedOn: optional(date()),
    points: optional(decimal()),
  },
  identity: ['siteId', folded('email')],
})

const orders = defineKind({
  name: 'orders',
  prefix: prefixes.orders,
  fields: {
    number: text({ max: 64 }),
    siteId: refersTo('sites'),
    productId: refersTo('products'),
    employeeId: optional(refersTo('employees')),
    quantity: integer({ min: 1 }),
    total: decimal({ negative: false }),
    status: optional(oneOf(['pending', 'paid', 'shipped', 'delivered', 'cancelled'])),
    orderedAt: timestamp(),
    shipping: optional(json('object')),
  },
  identity: ['number'],
})

/** What the store holds, in the order of the foreign keys: put in your own. */
export const kinds: readonly Kind[] = [clients, catalogs, sites, products, employees, orders]
