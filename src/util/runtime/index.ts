/*
 * What the entries ask before anything else is loaded. An older Node has to be able to link it: nothing here imports
 * from another folder, or what only newer releases have.
 */
export { EX_CONFIG, exitIfUnsupported } from './exit-if-unsupported.ts';
export { isInternalThread } from './internal-thread.ts';
export { isOwnContext, mainGlobal, mainRequire } from './main-context.ts';
export { describeNodeProblem, satisfiesRange } from './node-version.ts';
