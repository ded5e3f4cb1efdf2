export { callJson, type Issue, type JsonCallResult, type JsonSchema, type Validated } from './call-json.ts';
export {
  type CallBody,
  type CallOptions,
  type CallResult,
  callText,
  type OpenAIClient,
} from './call-text.ts';
export { AnswerError, type AnswerFault } from './response-error.ts';
