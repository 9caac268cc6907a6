/** What Analytics asks the server for. */

import { usePrefetchQuery, useQuery } from '@tanstack/react-query';
import { type FilterSearch, filtersOf } from '../history/filters';
import { answersQuery, insightsQuery, statsQuery } from '../shared/queries';
import type { AnalyticsSearch } from './analyticsSearch';

export const useStats = (search: FilterSearch) => useQuery(statsQuery(filtersOf(search)));
export const useInsights = (search: FilterSearch) => useQuery(insightsQuery(filtersOf(search)));

/** What the questions ask about, as the API wants it. */
export const askedOf = ({ qmarket, qday, a, b }: AnalyticsSearch) =>
  answersQuery({ ...(qmarket && { market: qmarket }), ...(qday && { day: qday }), ...(a && { a }), ...(b && { b }) });

/** Asks for all parts of the page before any of it is drawn, the first figures first. */
export function useAhead(search: AnalyticsSearch): void {
  usePrefetchQuery(statsQuery(filtersOf(search)));
  usePrefetchQuery(insightsQuery(filtersOf(search)));
  usePrefetchQuery(askedOf(search));
}

// As they are read: the client's types make lists of the schema's pairs.
export type Stats = NonNullable<ReturnType<typeof useStats>['data']>;
export type Insights = NonNullable<ReturnType<typeof useInsights>['data']>;
export type Rate = Stats['overall'];
