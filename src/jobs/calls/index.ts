export {
  callJson,
  type JsonCallResult,
  type JsonSchema,
  type SchemaIssue,
  type SchemaResult,
} from './call-json.ts';
export {
  type CallBody,
  type CallOptions,
  type CallResult,
  callText,
  type OpenAIClient,
} from './call-text.ts';
export { ResponseError, type ResponseFault } from './response-error.ts';
