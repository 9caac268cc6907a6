/** The address of a file of bars. */

import type { BarsQuery } from '@/api/research';
import { inNamespace } from '@/shared/namespace';
import { defined } from '@/shared/search';

export const FORMATS = [
  ['csv', 'CSV', 'Text, for anything'],
  ['parquet', 'Parquet', 'Typed, for DuckDB, Polars, pandas and Spark'],
  ['arrow', 'Arrow', 'A stream of record batches'],
] as const;
export type Format = (typeof FORMATS)[number][0];

export function barsFileUrl(query: Omit<BarsQuery, 'format'>, format: Format, namespace: string): string {
  const given = Object.entries(defined({ ...query, format })).map(([name, value]) => [name, String(value)]);
  return inNamespace(`/api/history/bars?${new URLSearchParams(given)}`, namespace);
}
