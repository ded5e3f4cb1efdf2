/** A table of a part: the first column is text, the others are numbers or say why there is none. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly title?: string;
}

/** What a part measured. */
export interface PartResult {
  readonly tables: readonly Table[];
  /** What the figures say of the goals, what could not be run and why. */
  readonly notes: readonly string[];
  /** Figures that others compute with, by name; their units are in the names. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface Context {
  /** A try-out: few rounds, and nothing is written to the documentation. */
  readonly quick: boolean;
  readonly progress: (line: string) => void;
}

/** One part of the benchmark. */
export interface Part {
  readonly name: string;
  readonly title: string;
  /** How it measures, for the documentation. */
  readonly method: string;
  readonly run: (context: Context) => Promise<PartResult>;
}
