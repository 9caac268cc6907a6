import { useMemo } from 'react';
import type { Instrument } from '@/api/queries';
import { useBoardPart, useQuote } from '@/live/hooks';
import { type RowView, rowView } from './rowView';

/** The figures of an instrument's newest quote; renders when they change, and not when another one's do. */
export function useRowView(instrument: Instrument): RowView {
  const { symbol } = instrument;
  const entry = useQuote(symbol);
  const price = useBoardPart(symbol, (row) => row?.baseline ?? null);
  const from = useBoardPart(symbol, (row) => row?.baseline_from ?? null);
  return useMemo(() => rowView(instrument, entry?.quote, { price, from }), [instrument, entry, price, from]);
}
