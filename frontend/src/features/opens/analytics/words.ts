/** Sentences of what a comparison shows. */

import { type Interval, isOutside } from './rates';

interface Compared {
  readonly a: string;
  readonly b: string;
  readonly difference: number;
  readonly interval: Interval | null;
  readonly low_sample: boolean;
}

/** Which of two predicts better, if the sample tells them apart. */
export function comparisonWords({ a, b, difference, interval, low_sample }: Compared): string {
  if (interval === null) return 'a single day says nothing';
  if (low_sample) return 'too few to say';
  if (!isOutside(0, interval)) return 'not told apart';
  return `${difference > 0 ? a : b} is right more often`;
}
