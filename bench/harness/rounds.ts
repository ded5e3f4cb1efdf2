/** Something that is measured, by name. */
export interface SetUp<T> {
  readonly name: string;
  /** In how many of the rounds it is measured, the first ones; in all where absent. */
  readonly rounds?: number;
  readonly measure: (round: number) => Promise<T>;
}

/**
 * Measures each set-up once a round (in the first rounds only, where it says so), one after another, so that what the machine does meanwhile falls on all of them alike.
 * @returns of each set-up, by name, its measurements in the order of the rounds
 */
export async function interleave<T>(
  setUps: readonly SetUp<T>[],
  rounds: number,
  progress: (line: string) => void,
): Promise<Map<string, T[]>> {
  const measured = new Map<string, T[]>(setUps.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, measure, rounds: own = rounds } of setUps) {
      if (round >= own) continue;
      const from = performance.now();
      measured.get(name)?.push(await measure(round));
      progress(`round ${round + 1}/${rounds}, ${name}: ${((performance.now() - from) / 1_000).toFixed(1)} s`);
    }
  }
  return measured;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The median of the differences to a base, each taken within one round. */
export function medianDifference(values: readonly number[], base: readonly number[]): number {
  return median(values.map((value, round) => value - (base[round] ?? Number.NaN)));
}

/** The value that a share of the values does not pass. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
