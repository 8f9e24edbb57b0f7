import { defineContract } from 'godwit'

export default defineContract({
  measures: [
    {
      name: 'lines through the old name',
      before: 'SELECT order_id::text AS key, count(*)::numeric AS value FROM order_line_items GROUP BY order_id',
      after: 'SELECT order_id::text AS key, count(*)::numeric AS value FROM order_line_items GROUP BY order_id',
    },
    {
      name: 'amount through the new name',
      relation: 'public.order_line_items',
      attribute: 'unit_price',
      before:
        'SELECT order_id::text AS key, sum(quantity * unit_price * (100 - discount)) AS value FROM order_line_items GROUP BY order_id',
      after:
        'SELECT order_id::text AS key, sum(quantity * unit_price * (100 - discount)) AS value FROM order_line_items_v2 GROUP BY order_id',
    },
  ],
})
