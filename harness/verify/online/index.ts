export { judgeOnline } from './judge-online.ts'
