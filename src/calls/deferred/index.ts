export { settleWork } from './settle.ts';
