export { type CountingWork, countingWork, countText, forgetTexts } from './bpe/index.ts';
export { type EncodingName, encodingForModel, isKnownModel, isSnapshotOf } from './encodings.ts';
export {
  boundInput,
  countInput,
  hasSeveralPasses,
  type InputBound,
  type InputCount,
  type RequestKind,
} from './input.ts';
export { countOutput, type OutputShape } from './output.ts';
