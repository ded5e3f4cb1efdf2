import { BoundedMap } from '../../util/index.ts';
import { type Framing, framingOf } from './models.ts';

/** The framing of recent models; programs use few, but may make up names. */
const framings = new BoundedMap<string, Framing>(1_000);

/** Counts the tokens of a text, or an upper bound of them. */
export type TextMeasure = (text: string) => number;

/**
 * Counts the tokens of one request. The exact count and the bound come from the same walk over the request:
 * they differ only in the measure of a text, so the bound is never below the count.
 */
export class Tally {
  readonly model: string;
  /** The best estimate. */
  tokens = 0;
  /** The part of the estimate that is counted texts. */
  textTokens = 0;
  /** The tokens that admission adds because a rule is not exact. */
  margin = 0;
  /** False if part of the input is not in the request. */
  complete = true;
  /** Whether part of the input has no bound but the context window. */
  opaque = false;
  readonly #measure: TextMeasure;

  constructor(model: string, measure: TextMeasure) {
    this.model = model;
    this.#measure = measure;
  }

  /** The framing of requests for the model. */
  get framing(): Framing {
    let framing = framings.get(this.model);
    if (framing === undefined) {
      framing = framingOf(this.model);
      framings.set(this.model, framing);
    }
    return framing;
  }

  /** Adds framing tokens, and a margin to them. */
  add(tokens: number, margin = 0): void {
    this.tokens += tokens;
    this.margin += margin;
  }

  /** Adds a text; returns its tokens. */
  text(text: string): number {
    const tokens = this.#measure(text);
    this.tokens += tokens;
    this.textTokens += tokens;
    return tokens;
  }

  /** Marks input of an earlier response or conversation, which bounds it. */
  markContinued(): void {
    this.complete = false;
  }

  /** Marks input that the service adds, stores or unpacks, and that nothing but the context window bounds. */
  markOpaque(): void {
    this.complete = false;
    this.opaque = true;
  }
}
