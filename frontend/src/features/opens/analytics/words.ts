/** Sentences of what a comparison shows. */

import { endsOf, type Interval, isOutside } from './rates';

interface Compared {
  readonly a: string;
  readonly b: string;
  readonly difference: number;
  readonly interval: Interval | null;
  /** The difference that noise makes. */
  readonly chance: number;
  readonly low_sample: boolean;
}

export interface Pair extends Compared {
  readonly n: number;
  readonly rate_a: number;
  readonly rate_b: number;
}

/** The pairs of one instrument, with it in front. */
export function pairsOf<T extends Pair>(pairs: readonly T[], symbol: string): readonly Pair[] {
  return pairs
    .filter(({ a, b }) => a === symbol || b === symbol)
    .map((pair) => (pair.a === symbol ? pair : turned(pair)));
}

/** The same pair the other way round. */
function turned({ a, b, rate_a, rate_b, difference, interval, chance, n, low_sample }: Pair): Pair {
  const ends = endsOf(interval);
  return {
    a: b,
    b: a,
    rate_a: rate_b,
    rate_b: rate_a,
    difference: -difference,
    interval: ends && [-ends[1], -ends[0]],
    chance: -chance,
    n,
    low_sample,
  };
}

/** Which of two predicts better, if the sample tells them apart. */
export function comparisonWords({ a, b, difference, interval, chance, low_sample }: Compared): string {
  if (low_sample) return 'too few to say';
  if (!isOutside(chance, interval)) return 'not told apart';
  return `${difference > chance ? a : b} predicts better`;
}
