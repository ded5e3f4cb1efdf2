/** What is wrong with an answer: nothing was said, the model refused, it was cut short, it is no JSON, or not what the schema takes. */
export type ResponseFault = 'empty' | 'refused' | 'cut' | 'not_json' | 'not_valid';

/** The model answered, and was paid, and what it said cannot be used. */
export class ResponseError extends Error {
  readonly code = 'token_budget_answer';
  readonly fault: ResponseFault;
  /** What it said. */
  readonly text: string;

  constructor(fault: ResponseFault, message: string, text: string) {
    super(message);
    this.name = 'AnswerError';
    this.fault = fault;
    this.text = text;
  }
}
