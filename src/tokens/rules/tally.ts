import { BoundedMap } from '../../util/index.ts';
import { type Framing, framingOf } from './models.ts';

/** The framing of the models seen; programs use few, but may make up names. */
const framings = new BoundedMap<string, Framing>(1_000);

/** Counts the tokens of a text, or bounds them from above. */
export type TextMeasure = (text: string) => number;

/**
 * The running count of one request. The same walk over a request makes the exact count and the bound: they differ in
 * the measure of a text only, so the bound is never under the count.
 */
export class Tally {
  readonly model: string;
  /** The best estimate. */
  tokens = 0;
  /** What admission adds because a rule is not exact. */
  margin = 0;
  /** False once part of the input turned out not to be in the request. */
  complete = true;
  readonly #measure: TextMeasure;

  constructor(model: string, measure: TextMeasure) {
    this.model = model;
    this.#measure = measure;
  }

  /** How requests are framed for the model. */
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
    return tokens;
  }

  /** Input that the service adds, or that is stored there: a caller must bound the call in another way. */
  missing(): void {
    this.complete = false;
  }
}
