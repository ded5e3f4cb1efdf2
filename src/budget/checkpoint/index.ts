export { CheckpointError, type CheckpointFault } from './checkpoint-error.ts';
export {
  checkBudgetName,
  hasSameLimits,
  missingAmounts,
  readSnapshot,
  type TrackerJson,
  type TrackerSnapshot,
  wrapSnapshot,
} from './tracker-snapshot.ts';
export {
  type EnvelopeFormat,
  unwrapEnvelope,
  type VersionedEnvelope,
  wrapEnvelope,
} from './versioned-envelope.ts';
