export { CheckpointError, type CheckpointFault } from './checkpoint-error.ts';
export {
  missingFrom,
  readSnapshot,
  sameLimits,
  sealSnapshot,
  type TrackerJson,
  type TrackerSnapshot,
} from './tracker-snapshot.ts';
export { type Seal, type Sealed, seal, unseal } from './versioned-envelope.ts';
