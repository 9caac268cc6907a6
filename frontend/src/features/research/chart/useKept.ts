import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { coverageQuery } from '@/api/research';
import { addMonths } from '@/shared/dates';
import { isReplay } from '../ReplayNote';
import { type Kept, keptOf } from './kept';
import type { Seen } from './place';

/** Further back nobody asks where a bar comes from. */
const MOST_MONTHS = 6;

/** Where the trade dates in sight come from; whole months are asked for, so that scrolling asks seldom. */
export function useKept(symbol: string, seen: Seen | null): Kept {
  const last = seen && addMonths(`${seen.last.tradeDate.slice(0, 7)}-01`, 1);
  const from = last && addMonths(last, -MOST_MONTHS);
  const first =
    seen && from && `${seen.first.tradeDate.slice(0, 7)}-01` > from ? `${seen.first.tradeDate.slice(0, 7)}-01` : from;
  const { data } = useQuery({
    ...coverageQuery(first ?? '', last ?? ''),
    enabled: seen !== null && !isReplay(),
    placeholderData: keepPreviousData,
  });
  return useMemo(() => keptOf(data, symbol), [data, symbol]);
}
