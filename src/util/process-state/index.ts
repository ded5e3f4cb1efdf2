export { isInstanceByCode } from './is-instance.ts';
export { processState } from './process-state.ts';
