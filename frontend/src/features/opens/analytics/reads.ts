/** What Analytics asks the server for. */

import { useQuery } from '@tanstack/react-query';
import { type FilterSearch, filtersOf } from '../history/filters';
import { insightsQuery, statsQuery } from '../shared/queries';

export const useStats = (search: FilterSearch) => useQuery(statsQuery(filtersOf(search)));
export const useInsights = (search: FilterSearch) => useQuery(insightsQuery(filtersOf(search)));

// As they are read: the client's types make lists of the schema's pairs.
export type Stats = NonNullable<ReturnType<typeof useStats>['data']>;
export type Insights = NonNullable<ReturnType<typeof useInsights>['data']>;
export type Rate = Stats['overall'];
