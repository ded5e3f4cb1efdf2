export { INTERNAL_VARIABLES } from './internal-variables.ts';
export { printLine } from './print-line.ts';
export { processState } from './process-state.ts';
export { shareClass } from './share-class.ts';
export { threadArgs } from './thread-args.ts';
