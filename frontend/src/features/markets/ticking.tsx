/** What turns with the second: each text renders only when it is another. */

import { useEverySecond } from '@/live/hooks';
import type { MarketRow } from '@/live/markets';
import { timeIn, weekdayIn } from '@/shared/clockText';
import { UNKNOWN } from '@/shared/format';
import { nextWords } from './marketView';

export function LocalTime({ zone }: { zone: string }) {
  return useEverySecond((_session, present) => timeIn(zone, present));
}

export function LocalWeekday({ zone }: { zone: string }) {
  return useEverySecond((_session, present) => weekdayIn(zone, present));
}

export function Countdown({ market }: { market: MarketRow }) {
  return useEverySecond((_session, present) => nextWords(market, present)?.countdown ?? UNKNOWN);
}

export function NextAt({ market }: { market: MarketRow }) {
  return useEverySecond((_session, present) => nextWords(market, present)?.at ?? '');
}
