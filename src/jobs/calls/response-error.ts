/**
 * The problem of a response: it has no text (`empty`), the model declined (`refused`), it was truncated
 * (`cut`), it is not JSON (`not_json`), or it does not match the schema (`not_valid`).
 */
export type ResponseFault = 'empty' | 'refused' | 'cut' | 'not_json' | 'not_valid';

/** The response of a call cannot be used. The call is charged all the same. */
export class ResponseError extends Error {
  readonly code = 'token_budget_response';
  readonly fault: ResponseFault;
  /** The text of the response. */
  readonly text: string;

  constructor(fault: ResponseFault, message: string, text: string) {
    super(message);
    this.name = 'ResponseError';
    this.fault = fault;
    this.text = text;
  }
}
