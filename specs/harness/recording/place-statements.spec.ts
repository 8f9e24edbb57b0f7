import { describe, expect, test } from 'vitest'
import { placeStatements } from '../../../harness/recording/place-statements.ts'
import { read } from './sent.ts'

const knex = `exports.up = async (knex) => {
  await knex.schema.createTable('customers', (table) => {
    table.increments('id')
    table.string('name')
  })
  await knex.raw(\`
    UPDATE orders
       SET state = 'open'
  \`)
  await knex.schema.alterTable('orders', (table) => table.dropColumn('oldState'))
}

exports.down = async (knex) => {
  await knex.schema.dropTable('customers')
  await knex.schema.alterTable('orders', (table) => table.string('oldState'))
}
`

const django = `class Migration(migrations.Migration):
    operations = [
        migrations.AddField(model_name="event", name="slug", field=models.CharField(max_length=60)),
        migrations.RemoveField(model_name="event", name="room_name"),
    ]
`

const places = (program: string, direction: 'up' | 'down', ...texts: string[]) => placeStatements(program, direction, read(...texts))

describe('a statement is placed at the line of its program', () => {
  test('that has its text, however it is indented there', () => {
    expect(places(knex, 'up', "UPDATE orders SET state = 'open'")).toEqual([7])
  })

  test('that has most of its names, as a call of a builder', () => {
    expect(places(knex, 'up', 'create table "customers" ("id" serial primary key, "name" varchar(255))')).toEqual([2])
    expect(places(django, 'up', 'ALTER TABLE "events_event" ADD COLUMN "slug" varchar(60) NOT NULL')).toEqual([3])
  })

  test('by a name in the other usual spelling', () => {
    expect(places(knex, 'up', 'alter table "orders" drop column "old_state"')).toEqual([10])
  })

  test('in the function of its direction', () => {
    expect(places(knex, 'down', 'drop table "customers"', 'alter table "orders" add column "old_state" varchar(255)')).toEqual([14, 15])
  })

  test('that comes next, of lines that are alike', () => {
    const twice = `exports.up = async (db) => {
  await db.query(sql.insert('colours', 'red'))
  await db.query(sql.insert('colours', 'blue'))
  await db.query(sql.insert('colours', 'red'))
}
`
    const [red, blue] = ["INSERT INTO colours VALUES ('red')", "INSERT INTO colours VALUES ('blue')"]
    expect(places(twice, 'up', red, blue, red)).toEqual([2, 3, 4])
  })
})
