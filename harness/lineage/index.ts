export { assumeLineage } from './assume.ts'
export { type ColumnTable, columnName, columnsOf } from './columns.ts'
export { isAmbiguous } from './concatenated.ts'
export { arrivesAltered } from './declared.ts'
export { type CellFate, judgeCell, type Recodes } from './judge-cell.ts'
export { judgeComposition, judgeElements, judgeSplit } from './judge-composed.ts'
export { keysIssuedByDown } from './keys-by-down.ts'
export type { Knowledge } from './knowledge.ts'
export { learnLineage } from './learn.ts'
export {
  type AttributeLineage,
  type Column,
  type Destination,
  isReversible,
  type Lineage,
  type Place,
  type RelationLineage,
  type Transform,
} from './model.ts'
export { noPassage, type Passage, passageOf } from './passage.ts'
export { isPlausible } from './plausible.ts'
export { columnIndex, matchRows, type Recaptured, recapture, tablesOf } from './recapture.ts'
export { restoredCells } from './restored.ts'
export { ownAttribute, sameRelation } from './same.ts'
export type { Subject } from './subject.ts'
export { discardOf, isDiscarded, keyAttributes, keyOf, showCell } from './support.ts'
export { alterationOf } from './transform.ts'
export { compareNumbers, instantOf, isNumeric, numberKey, sumKey } from './value.ts'
export { writtenRelations } from './written.ts'
