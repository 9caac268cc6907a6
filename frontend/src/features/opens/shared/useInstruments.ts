import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';
import { instrumentsQuery } from '@/api/queries';

/** Where the instrument is not known. */
const DEFAULT_PRECISION = 2;

/** How many decimals the prices of a symbol are shown with. */
export function usePrecision(): (symbol: string) => number {
  const { data } = useQuery(instrumentsQuery);
  return useCallback(
    (symbol) => data?.find((each) => each.symbol === symbol)?.display_precision ?? DEFAULT_PRECISION,
    [data],
  );
}
