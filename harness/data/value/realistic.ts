import type { Faker } from '@faker-js/faker'

type Make = (faker: Faker) => string

const makers: readonly (readonly [RegExp, Make])[] = [
  [/e_?mail/, (faker) => faker.internet.email().toLowerCase()],
  [/phone|mobile|fax|tel$/, (faker) => faker.phone.number({ style: 'international' })],
  [/first_?name|given/, (faker) => faker.person.firstName()],
  [/last_?name|surname|family/, (faker) => faker.person.lastName()],
  [/user_?name|login|nick|handle/, (faker) => faker.internet.username()],
  [/company|organi[sz]ation|vendor|supplier|manufacturer/, (faker) => faker.company.name()],
  [/full_?name|contact|customer|author|owner_name|person/, (faker) => faker.person.fullName()],
  [/street|address|addr/, (faker) => faker.location.streetAddress()],
  [/city|town/, (faker) => faker.location.city()],
  [/zip|postal|postcode/, (faker) => faker.location.zipCode()],
  [/country_?code|^country$/, (faker) => faker.location.countryCode()],
  [/country/, (faker) => faker.location.country()],
  [/state|province|region/, (faker) => faker.location.state()],
  [/currency/, (faker) => faker.finance.currencyCode()],
  [/iban/, (faker) => faker.finance.iban()],
  [/url|website|link|href|avatar|image/, (faker) => faker.internet.url()],
  [/domain|host/, (faker) => faker.internet.domainName()],
  [/user_?agent/, (faker) => faker.internet.userAgent()],
  [/ip(_?addr|$)/, (faker) => faker.internet.ipv4()],
  [/slug/, (faker) => faker.lorem.slug(2)],
  [/sku|code|number$|_no$|ref/, (faker) => faker.string.alphanumeric({ length: 8, casing: 'upper' })],
  [/hash|token|secret|password|digest/, (faker) => faker.string.hexadecimal({ length: 32, prefix: '', casing: 'lower' })],
  [/locale|lang/, (faker) => faker.helpers.arrayElement(['en', 'de', 'fr-CA', 'pt_BR', 'ja'])],
  [/time_?zone|tz/, (faker) => faker.location.timeZone()],
  [/colou?r/, (faker) => faker.color.rgb()],
  [/mime|content_?type/, (faker) => faker.system.mimeType()],
  [/file|path/, (faker) => faker.system.filePath()],
  [/product|item|title|^name$|_name$|label|subject/, (faker) => faker.commerce.productName()],
  [/desc|note|comment|body|text|message|content|summary|reason|bio/, (faker) => faker.lorem.sentence()],
  [/status|state|kind|type|category/, (faker) => faker.helpers.arrayElement(['active', 'inactive', 'pending', 'archived', 'new'])],
]

/** So many texts for each kind of name. */
const count = 12

/** Texts that an attribute of a name would hold in real life, always the same; none when the name says nothing. */
export type RealisticTexts = (attribute: string) => readonly string[]

let loading: Promise<RealisticTexts> | undefined

/** Made once: the names are known, and faker is large. */
export function realisticTexts(): Promise<RealisticTexts> {
  loading ??= makeTexts()
  return loading
}

async function makeTexts(): Promise<RealisticTexts> {
  // The whole package loads seventy locales; this entry one.
  const { faker: english } = await import('@faker-js/faker/locale/en')
  // An instance of its own: the package's is shared with whoever else uses it.
  const faker = new (english.constructor as typeof Faker)({ locale: english.rawDefinitions, seed: 1 })
  faker.setDefaultRefDate('2024-06-01T00:00:00Z')
  const made = new Map<Make, readonly string[]>()
  return (attribute) => {
    const name = attribute.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()
    const position = makers.findIndex(([pattern]) => pattern.test(name))
    const make = makers[position]?.[1]
    if (make === undefined) return []
    const known = made.get(make)
    if (known !== undefined) return known
    faker.seed(position + 1)
    const texts = Array.from({ length: count }, () => make(faker))
    made.set(make, texts)
    return texts
  }
}
