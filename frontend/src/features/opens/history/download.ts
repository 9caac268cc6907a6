/** The address of a download: the same sessions as are shown. */

import type { StatsQuery } from '@/api/marketOpen';
import { inNamespace } from '@/shared/namespace';

export const FORMATS = [
  ['csv', 'CSV', 'Text, for anything'],
  ['xlsx', 'Excel', 'A workbook'],
  ['parquet', 'Parquet', 'Typed, for pandas, Polars and DuckDB'],
] as const;
export type Format = (typeof FORMATS)[number][0];

/** `isWhole`: all 12 rows of each session instead of the row that is shown. */
export function downloadUrl(format: Format, filters: StatsQuery, isWhole: boolean, namespace: string): string {
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries({ ...filters, ...(isWhole && { symbol: 'all' }) })) {
    for (const each of [value].flat()) query.append(name, String(each));
  }
  return inNamespace(`/api/market-open/download?${query}`, namespace);
}
