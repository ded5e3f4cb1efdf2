export { processState } from './process-state.ts';
export { shareClass } from './share-class.ts';
